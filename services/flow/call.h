// call: the things a `call` node may do. One row of a table each: which variables it reads, which
// columns it brings, how its request is filled and its reply read. Adding a call is adding a row
// and two short functions in call.c or, for what the business sells, in
// call_sales.c.
//
// A reply that does not prove what it should (no number, no title) is an error, so that nothing is
// confirmed to a customer that is not stored.
#pragma once
#include "proto/flow.h"
#include "rows.h"
#include "store.h"
#include "turn/journal.h"

#define CALL_COLUMNS_MAX 8
#define CALL_READS_MAX 4
// Rows one list call asks for: what a customer can be asked to look through.
#define CALL_MAX_ROWS 30

typedef struct call_job call_job_t;

typedef struct {
    const char *name;
    bool is_list; // false: one row, its columns become variables at once
    bool is_write;
    const char *reads[CALL_READS_MAX]; // variables that must be set by some node before
    const char *columns[CALL_COLUMNS_MAX];
    uint32_t columns_count;
    const char *description; // text of a row's second line in a list
    uint64_t (*start)(call_job_t *job, const act_call_opts_t *opts);
} call_t;

// Called once, never inside call_start; `rows` (NULL on an error) are in the job's arena.
typedef void call_done_fn(void *context, act_err_t err, const char *text, const rows_t *rows);

// What a running call needs. It must stay where it is until `done`.
struct call_job {
    const store_t *store;
    act_actor_t *actor;
    act_call_t *parent; // the call being served: budget, trace, tenant
    act_arena_t *arena;
    const flow_run_request_t *request;
    act_journal_t *journal; // every call is a step of the turn
    act_str_t node;         // its name, part of the step's
    act_str_t (*value)(void *context, act_str_t name);
    call_done_fn *done;
    void *context;
    const call_t *call; // set by call_start
};

const call_t *call_find(act_str_t name); // or NULL

// Starts it; returns the id for store->cancel. Writes are effects of the turn: their step is
// "flow/<run>/<node>/<call>", so that a turn that runs again finds it whatever it read meanwhile, and their
// idempotency key "<turn_id>/<step>".
uint64_t call_start(const call_t *self, call_job_t *job);
