// waterfall: a trace as rows of text with bars: a row a call (from queued to its end), a hint, or a
// stage, in order of time. '.' is waiting in the broker's queue, '=' is work, '!' ends in an error,
// '-' is a stage, '|' is a hint.
#pragma once
#include "proto/broker.h"

#include "base/arena.h"

// Narrower terminals get lines that are longer than they are.
#define WATERFALL_COLUMNS_MIN 60

// One row's facts; hops of one call are put together.
typedef struct {
    uint64_t call_id; // 0: a hint or a stage
    int64_t began_us; // wall clock
    int64_t ended_us;
    uint64_t queue_us; // of that, waited in the queue
    uint32_t attempts_count;
    const char *ending; // the last hop's kind, when it is none of sent, acked, stage
    act_str_t err;
    act_str_t caller, service, method, instance;
    bool is_stage;
    bool is_open; // no end is known
} waterfall_row_t;

// The rows of a trace, in the arena.
waterfall_row_t *waterfall_rows(const trace_reply_t *trace, act_arena_t *arena,
                                uint32_t *ret_count);
void waterfall_render(const trace_reply_t *trace, uint32_t columns, act_buf_t *out);
