// hands: the tools of one respond call. Made for one call of agent.respond, gone with it: hands_prepare
// reads what holds for the tenant and the contact (persistence.tool_turn, bus.tools); hands_offer gives the
// cards for the model's question; hands_run runs the calls of its answer. Nothing that the model wrote
// happens without gate.h and policy.h.
//
// Each call is a paid step of the turn (turn/journal.h) and a row of tool_executions, whatever came of it:
//
//   found in the journal   its result, and nothing is done
//   refused                a result with is_error, and a sentence that tells what is possible instead
//   needs a person         a row of tool_approvals; the result says so, and is_parked: answer WAIT for
//                          person, for hands_wait_ms. When a person has decided, the messages of the turn are
//                          pending again; the next turn's hands_prepare makes the call that was approved
//                          (once, as the person saw it), and hands_past has everything for the model
//   otherwise              reserved (limits of the day), called, held to its output schema, recorded, and
//                          only then used
//
// In a replay (the journal's) nobody is asked and nothing is written.
#pragma once
#include "hands_io.h"
#include "proto/model.h"
#include "tool_set.h"
#include "turn/journal.h"

typedef struct hands hands_t;

// Borrowed, for as long as the hands live; memory of results is the arena's.
typedef struct {
    act_call_t *call; // that is being served; its budget is theirs
    act_arena_t *arena;
    act_journal_t *journal;
    act_steps_t recorded; // RespondRequest.journal
    bool is_replay;
    act_str_t conversation_id;
    act_str_t turn_id;
    act_str_t language;
    tool_shelf_t *shelf;  // of the process
    const hands_io_t *io; // hands_io_bus, or a test's
} hands_opts_t;

typedef struct {
    act_err_t err; // OK; otherwise the call of agent.respond must fail with it
    struct {       // in the order of the calls; of hands_prepare: none
        const tool_result_t *items;
        uint32_t count;
    } results;
    bool is_parked; // at least one waits for a person
} hands_outcome_t;

typedef void hands_fn(void *context, const hands_outcome_t *outcome);

hands_t *hands_new(const hands_opts_t *opts);
// What is open is cancelled, no callback comes. Accepts NULL inside.
void hands_destroy(hands_t **self_p);

// Once, first. One callback follows, perhaps before this returned.
void hands_prepare(hands_t *self, hands_fn *fn, void *context);

// What the turns before this one did for the same request, and what a person has decided since: calls and
// their results, as one assistant's turn would have made them. Show them to the model before it is asked.
uint32_t hands_past(const hands_t *self, const tool_call_t **ret_calls,
                    const tool_result_t **ret_results);

// The tools that may be used at this moment; after text of third parties fewer. Call it once a question.
uint32_t hands_offer(hands_t *self, const tool_card_t **ret_cards);

// The calls of one assistant's turn, all at once; they live as long as the arena. One callback follows, perhaps
// before this returned (when all is in the journal).
void hands_run(hands_t *self, const tool_call_t *calls, uint32_t count, hands_fn *fn,
               void *context);

// The context holds text of third parties.
bool hands_is_tainted(const hands_t *self);
// Such text goes into it by another way than a tool: knowledge that others wrote.
void hands_taint(hands_t *self);

// URLs that may be said, one a line: those that are set, and those that tools of the business's own have marked as
// such in their results (x-parley-provenance: url), which the model had not written itself.
act_str_t hands_urls(const hands_t *self, act_arena_t *arena);

// For how long a turn that is parked waits: as long as a person has for the decision.
uint32_t hands_wait_ms(const hands_t *self);
