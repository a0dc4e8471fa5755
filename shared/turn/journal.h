// journal: the steps of one turn, as one process takes part in it (architecture.md 6, promises.md D10).
// A step is a call to others: it has a name that is made by its position ("flow/0/2/list_tasks"),
// the hash of what was asked, and what came back.
//
//   read    retrieval, clock, configuration: free and without effect. Kept in memory, carried in the
//           reply of flow or agent, written with the commit of the turn.
//   effect  on our own tables: the row and its receipt are one transaction of persistence, which knows
//           the step by its key and gives the same receipt again.
//   paid    a model, a tool, anything outside: act_journal_find first; else ask, with the key as
//           idempotency key; then persistence.put_turn_step, and use the result that it gives back
//           (turn/paid.h does all of it).
//
// What was read before something was paid for is committed with it: a turn that runs again finds it here,
// and so asks for the same.
//
// Calls made with act_journal_tape() as act_call_opts_t.tape are steps by themselves: their answers are
// taken down, and in a replay (`parley replay`) they come from what was recorded; what was not is
// STEP_MISSING, and nobody is asked. A step that is found with another request is STEP_MISMATCH.
#pragma once
#include "actor/actor.h"
#include "proto/common.h"

// Steps and results of one process's part of a turn; more is not recorded, and cannot be replayed.
#define ACT_JOURNAL_MAX_STEPS 64
#define ACT_JOURNAL_MAX_BYTES (256u << 10)
#define ACT_STEP_HASH_BYTES 32

typedef struct act_journal act_journal_t;

typedef enum { ACT_STEP_READ, ACT_STEP_EFFECT, ACT_STEP_PAID } act_step_kind_t;

// Steps as the models have them.
typedef struct {
    const turn_step_t *items;
    uint32_t count;
} act_steps_t;

typedef struct {
    act_str_t prefix;     // of the names: "flow/0"
    act_steps_t recorded; // borrowed
    bool is_replay;
} act_journal_opts_t;

// Lives in the arena, which outlives the calls made with its tapes.
act_journal_t *act_journal_new(act_arena_t *arena, const act_journal_opts_t *opts);

// The name of the next step, for who needs it before the call: "<prefix>/<number>/<what>".
act_str_t act_journal_key(act_journal_t *self, const char *what);

// For calls: every answer is a step. Their kind is READ, or EFFECT when the call has a step key.
act_tape_t *act_journal_tape(act_journal_t *self);
// For calls that give the same again when they are asked again (a pure function of the same build):
// only a failure is a step, because what came of it must come again. In a replay they are made.
act_tape_t *act_journal_failures(act_journal_t *self);

// A value that is no call: a setting, a version, the clock. `now` is recorded and given back, unless
// there is a recorded value: then that is.
act_str_t act_journal_value(act_journal_t *self, const char *what, act_str_t now);

// What was recorded for a step: OK and *ret_step; NOT_FOUND: do it; STEP_MISMATCH; STEP_MISSING: a
// replay, and it is not there. `request` is what would be asked, packed.
ACT_MUST_CHECK act_err_t act_journal_find(const act_journal_t *self, act_str_t step_key,
                                          act_str_t request, const turn_step_t **ret_step);

// Takes a step down; `result` is copied.
void act_journal_put(act_journal_t *self, act_step_kind_t kind, act_str_t step_key,
                     act_str_t request, act_str_t result);
// A step that came to nothing, so that a replay comes to nothing, too.
void act_journal_fail(act_journal_t *self, act_str_t step_key, act_str_t request, act_err_t err);

// What was read since the last time this was called, for whoever commits it.
act_steps_t act_journal_take_reads(act_journal_t *self);

// What was taken down, in order, for the reply. Effects are in it too: they are the receipts.
act_steps_t act_journal_steps(const act_journal_t *self);

// BLAKE2b of a packed request.
void act_step_hash(act_str_t request, uint8_t ret_hash[ACT_STEP_HASH_BYTES]);
