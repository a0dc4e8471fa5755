// sse: reads an event stream (text/event-stream) as it comes, cut anywhere. Comments are passed over; an
// event without data is no event, and one that the end of the stream cuts off never comes. Nothing is
// copied of an event that comes in one piece. Where the stream can be taken up again is kept: the id of
// the last whole event, and the time to wait that the server asks for.
#pragma once
#include "base/buf.h"
#include "base/err.h"

// Longer names of events are cut; nobody knows them then.
#define ACT_SSE_NAME_MAX_BYTES 64
// Longer ids are none: whoever would send half of one back would be given the wrong events.
#define ACT_SSE_ID_MAX_BYTES 256

#define ACT_SSE_NO_RETRY UINT32_MAX

typedef struct {
    act_buf_t line; // its beginning, when the rest has not come
    act_buf_t data; // of the open event, when it had to be kept
    act_str_t view; // the one line of data so far, where it came
    char name[ACT_SSE_NAME_MAX_BYTES];
    char id[ACT_SSE_ID_MAX_BYTES];      // of the last event that is whole; empty: none
    char open_id[ACT_SSE_ID_MAX_BYTES]; // of the open event, or as id
    uint32_t retry_ms;                  // ACT_SSE_NO_RETRY: none was said
    bool has_data;
    bool is_kept;  // data is in `data`, not in `view`
    bool was_cr;   // the last byte was CR: a LF belongs to it
    bool is_begun; // behind a byte order mark
    bool is_too_large;
} act_sse_t;

// The event's name (empty: none was said) and its data, both borrowed for the callback.
typedef void act_sse_fn(void *context, act_str_t name, act_str_t data);

// A line, and the data of an event, may have so many bytes.
void act_sse_init(act_sse_t *self, size_t event_max_bytes);
void act_sse_fini(act_sse_t *self);
// Forgets what has come; the next stream begins.
void act_sse_reset(act_sse_t *self);

// fn is called for each event that is whole now; it may not touch self. TOO_LARGE: an event over the
// limit; nothing more is read.
ACT_MUST_CHECK act_err_t act_sse_feed(act_sse_t *self, act_str_t bytes, act_sse_fn *fn,
                                      void *context);
