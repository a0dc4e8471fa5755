// reading: an answer while it is read: text, tool calls, what the provider wrote, what it took, why it
// stopped. Providers fill it from events or from a whole body; reading_finish makes the neutral form.
// Bounded: an answer over a limit is a fault.
#pragma once
#include "fault.h"
#include "io/json.h"
#include "proto/model.h"

#define READING_TEXT_MAX_BYTES 262144u
#define READING_RAW_MAX_BYTES 1048576u
#define READING_CALLS_MAX_COUNT 32u
#define READING_ARGUMENTS_MAX_BYTES 65536u

typedef enum { STOP_NONE, STOP_END, STOP_TOOLS, STOP_LENGTH, STOP_REFUSED, STOP_CONTEXT } stop_t;

typedef struct {
    act_str_t id;   // in the arena
    act_str_t name; // in the arena
    act_buf_t arguments;
} reading_call_t;

typedef struct reading {
    act_arena_t *arena;
    act_buf_t text;
    reading_call_t calls[READING_CALLS_MAX_COUNT];
    uint32_t calls_count;
    json_t *raw;     // what the provider wrote, as it wants it back; owned
    json_t *block;   // the open part of it (providers whose events have parts); owned
    act_buf_t piece; // what that part has become so far
    act_buf_t signature;
    act_buf_t scratch; // of whoever reads an event
    model_usage_t usage;
    stop_t stop;
    bool keeps_reasoning; // in the raw form of dialects that can leave it out
    bool is_whole;        // its end has come
    fault_t fault;        // FAULT_NONE: all is well
} reading_t;

// The arena is borrowed.
void reading_init(reading_t *self, act_arena_t *arena);
void reading_fini(reading_t *self);

void reading_fail(reading_t *self, fault_kind_t kind, const char *text);
void reading_add_text(reading_t *self, act_str_t text);
// A new tool call. NULL: too many (the reading has failed). An empty id gets one of ours.
reading_call_t *reading_add_call(reading_t *self, act_str_t id, act_str_t name);
void reading_add_arguments(reading_t *self, reading_call_t *call, act_str_t text);
// Takes a value into the list of what the provider wrote.
void reading_add_raw(reading_t *self, json_t *value);

// An event of a stream as JSON, for json_decref; NULL when it is none: the reading has failed.
ACT_MUST_CHECK json_t *reading_event(reading_t *self, act_str_t data);
// What the provider says went wrong; the first fault counts.
void reading_take_error(reading_t *self, const json_t *event);

// Who reads an event of this "type".
typedef struct {
    const char *type;
    void (*read)(reading_t *reading, const json_t *event);
} reading_row_t;
// Gives an event to its row; one without a row is passed over.
void reading_typed_event(reading_t *self, act_str_t data, const reading_row_t *rows, size_t count);

// A count of tokens: 0 when it is missing or absurd.
int64_t reading_tokens(const json_t *usage, const char *name);

// Is this id one of ours?
bool reading_is_own_id(act_str_t id);

// The neutral message, in the arena, with the raw form. TOO_LARGE when that does not fit.
ACT_MUST_CHECK act_err_t reading_finish(reading_t *self, act_str_t identity,
                                        chat_message_t *ret_message);
const char *stop_name(stop_t stop);
