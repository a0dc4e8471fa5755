// say: what a run says, ready for the channel: texts with variables filled in, buttons, lists.
// Keeps the limits of WhatsApp (channels.md 1.10), the tightest of all channels: three buttons of
// 20 characters, ten rows of 24 with descriptions of 72, 1024 characters above buttons and lists.
//
// {x} shows variable x, {x_label} the text "label.<value of x>" where there is one, {x_date} an ISO
// date in the customer's way.
#pragma once
#include "proto/common.h"
#include "state.h"

// Same as max_items of flow_run_reply.messages.
#define SAY_MAX_MESSAGES 10

typedef struct {
    act_arena_t *arena;
    act_str_t language;
    outbound_content_t messages[SAY_MAX_MESSAGES];
    uint32_t count;
    bool is_overflowed; // more messages than fit: the flow is wrong
} say_t;

// A text of the catalogue with the state's variables.
act_str_t say_render(say_t *self, const state_t *state, const char *key);

void say_text(say_t *self, act_str_t text);

// A message node: its text, and one line a row; or its media, with the text as caption.
void say_message(say_t *self, const state_t *state, const node_t *node);

// The question that waits, with buttons or a list. `before` (may be empty) stands above it.
void say_question(say_t *self, const state_t *state, act_str_t before);

// What kind of answer the waiting question needs.
act_str_t say_retry(say_t *self, const state_t *state);
