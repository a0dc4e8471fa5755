// run: one customer message through a flow: from the request to the reply, with calls to
// persistence in between. Steps node by node; stops at a question, a hand-over, or the end.
//
// Life: run_new -> run_start -> done (once, perhaps inside run_start) -> run_destroy. run_destroy
// before done cancels what is under way; done is not called then.
//
// Deterministic: no clock, no chance. The same request with the same rows from the database gives
// the same reply, byte for byte, and the same keys for its writes.
#pragma once
#include "call.h"
#include "flows.h"

typedef struct run run_t;

// `err` is ACT_E_OK and `reply` is set, or `text` says for developers what went wrong. The reply
// lives in the arena. The run may be destroyed here.
typedef void run_done_fn(void *context, act_err_t err, const char *text,
                         const flow_run_reply_t *reply);

// Where a run runs. All of it is borrowed and outlives the run.
typedef struct {
    const flows_t *flows;
    const store_t *store;
    act_actor_t *actor;
    act_call_t *parent;
    act_arena_t *arena;     // of the call that is served
    act_journal_t *journal; // of the turn; NULL: none is kept
    run_done_fn *done;
    void *context;
} run_host_t;

run_t *run_new(const run_host_t *host, const flow_run_request_t *request);
void run_start(run_t *self);
void run_destroy(run_t **self_p);
