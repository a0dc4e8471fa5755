// turn: one answer to a customer, from the messages that wait to the commit of the reply. The struct
// is shared by the driver (turn.c), the pipeline and its stages; nobody else sees it.
//
// States and events are the table in turn.c. All texts live in the turn's arena and go with it.
#pragma once
#include "base/arena.h"
#include "base/id.h"
#include "loop.h"
#include "proto/agent.h"
#include "proto/flow.h"
#include "proto/intent.h"
#include "proto/persistence.h"
#include "proto/session.h"
#include "session.h"
#include "stage_times.h"
#include "turn_steps.h"

#define TURN_STATES(X)                                                                             \
    X(QUIET)      /* waits for the end of a burst */                                               \
    X(BEGINNING)  /* turn_begin is on its way */                                                   \
    X(RUNNING)    /* in the pipeline */                                                            \
    X(COMMITTING) /* turn_commit is on its way, or waits to be tried again */
typedef enum {
#define X(name) TURN_##name,
    TURN_STATES(X)
#undef X
        TURN_STATES_COUNT
} turn_state_t;

// The story a turn belongs to: that of the message it was woken for.
typedef struct {
    act_trace_t trace;
    bool is_sampled; // the broker follows this trace and wants to know of our stages
} turn_origin_t;

// Kept by care.c.
typedef struct {
    act_timer_t *timer; // NULL: not begun
    int64_t sign_at_ms; // when the customer is to see a sign of life; 0: no more
    int64_t keep_at_ms; // when the lease is prolonged
} turn_care_t;

// Replies of one turn; more is a bug in a flow.
#define TURN_MESSAGES_MAX_COUNT 16

typedef struct replay replay_t;                 // replay.h
typedef struct translator_ask translator_ask_t; // translator.h

struct turn {
    turn_t *next; // in turns
    session_t *session;
    act_arena_t *arena;
    act_str_t tenant;
    act_str_t conversation_id;
    turn_state_t state;
    bool is_woken_again;
    bool is_last_resort;    // only the polite text is left to be committed
    bool is_final;          // the answer is committed, whatever comes in meanwhile
    bool is_acting;         // the call in flight may do what cannot be undone
    uint32_t planned_count; // messages of the plan that this one supersedes; 0: of none
    uint32_t wakes_count;   // messages that woke it
    act_timer_t *timer;
    turn_care_t care;
    uint64_t call_id;          // the one call in flight; 0: none
    turn_origin_t origin;      // trace and all: of the wake that started it
    turn_origin_t next_origin; // of the last wake since
    stage_times_t times;
    int64_t started_ms;
    int64_t deadline_ms;                           // of the whole pipeline
    void (*faq_next)(turn_t *turn, act_err_t err); // stages/faq.c
    act_str_t tier;                                // of the agent's model
    uint32_t rung;                                 // of the ladder, stages/respond.c
    uint32_t begin_attempts_count;
    uint32_t commit_attempts_count;
    int64_t commit_started_ms;
    size_t stage; // index in the pipeline's table
    turn_steps_t steps;
    replay_t *replay; // NULL: a turn that is not recorded yet
    // A dry run: answers `understand`, writes and sends nothing.
    act_call_t *dry_call;

    turn_begin_reply_t begin;
    char turn_id[ACT_UUID_TEXT_BYTES]; // the database's, from turn_begin on
    char session_id[ACT_UUID_TEXT_BYTES];

    // What the messages say together.
    act_str_t text;
    loop_t loop;    // with them
    act_str_t type; // of the last message
    act_str_t choice_id;

    // What the stages found.
    act_str_t language;
    double language_confidence;
    act_str_t translation;
    bool has_translator;                 // known to be so
    const translator_ask_t *translating; // what is asked for, or was last
    uint32_t outgoing_count;             // messages that are translated (outgoing.c)
    act_str_t outgoing_from;
    classify_reply_t understood;
    act_str_t path;  // "flow:<name>", "agent", or the stage that ended the turn
    act_str_t flow;  // flow to start; empty: go on from begin.flow_state, or none
    bool is_in_flow; // begin.flow_state holds a flow that waits for an answer
    uint32_t flow_hops_count;
    double fast_path_confidence; // the setting, or what it was
    act_str_t decision;          // RESPOND, WAIT, IGNORE, HUMAN_HANDOFF
    act_str_t handoff_reason;
    act_str_t flow_state;
    uint32_t wait_ms;       // with the decision WAIT
    act_str_t wait_for;     // customer, person
    act_err_t fallback_err; // why the ladder's first rung gave no answer
    outbound_content_t messages[TURN_MESSAGES_MAX_COUNT];
    uint32_t messages_count;
};

// Starts to work on a conversation; the turn owns itself until it ends. The header is that of the wake.
void turn_start(session_t *session, const act_header_t *header, const wake_request_t *wake);
// The wake's message is new, unless the turn has it: waits for the end of a burst, or plans again.
void turn_wake(turn_t *self, const act_header_t *header, const wake_request_t *wake);
// Drops it without an answer; its lease runs out or is taken over.
void turn_abort(turn_t *self);

// --- for the pipeline and its stages -----------------------------------------------------------------

turn_t *turn_new(session_t *session, act_str_t tenant, act_str_t conversation_id,
                 turn_origin_t origin);
turn_origin_t turn_origin_of(const act_header_t *header);
// Of a turn that is in no table: whoever made it ends it.
void turn_destroy(turn_t **self_p);
// What would be committed, outbox and all.
turn_commit_request_t turn_commit_request(turn_t *self);
// The pipeline has reached its end: commit.
void turn_on_pipeline_end(turn_t *self);
// The commit stage asked for: sends turn_commit.
void turn_commit(turn_t *self);

// Options of a call made for this turn: tenant, key, trace, what is left of the deadline.
act_call_opts_t turn_call_opts(const turn_t *self);
int64_t turn_left_ms(const turn_t *self);
// How long the oldest message waited until the turn was granted, by the clock of the database.
int64_t turn_waited_ms(const turn_t *self);
// The same for a part of their budget, at most max_ms: what takes longer leaves time for something else.
act_call_opts_t turn_share(act_call_opts_t opts, int64_t pct, int64_t max_ms);
