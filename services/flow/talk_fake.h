// talk_fake: a conversation with the flows, for tests: keeps the state between messages as session
// does, follows next_flow, and checks of every message that a channel could send it.
#pragma once
#include "run.h"
#include "store_fake.h"

typedef struct {
    flows_t *flows;
    store_fake_t store;
    act_arena_t *arena;
    act_str_t language;
    act_str_t state;
    uint32_t turns_count;
    const char *phone; // digits of the customer's number; NULL: not known
    // Intent of the next message.
    const char *intent;
    double confidence;
    // The last answer. `reply` is good when `err` is ACT_E_OK; it has the messages of all flows
    // that ran in the turn.
    act_err_t err;
    bool is_done;
    flow_run_reply_t reply;
} talk_fake_t;

talk_fake_t *talk_fake_new(const char *language);
// With projects, tasks, documents and appointments in the store.
talk_fake_t *talk_fake_new_filled(const char *language);
// Two products: tiles (Tiles, m², 44.00) and doors (Doors, 300.00).
void talk_fake_add_products(talk_fake_t *self);
void talk_fake_destroy(talk_fake_t **self_p);

// Starts a flow with a message, as an intent does.
void talk_fake_begin(talk_fake_t *self, const char *flow, const char *text);
// A message while a flow waits.
void talk_fake_say(talk_fake_t *self, const char *text);
// A button or row of the last message, by the end of its id.
void talk_fake_tap(talk_fake_t *self, const char *id_end);
// Any id.
void talk_fake_choose(talk_fake_t *self, const char *choice_id);

// The text of the last message of the last answer.
act_str_t talk_fake_text(const talk_fake_t *self);

// These fail the running test (cmocka), and show what was there instead.
void talk_fake_assert_text(act_str_t text, const char *wanted);
void talk_fake_assert_has(const talk_fake_t *talk, const char *part);
// The text of the catalogue, in the language of the conversation.
void talk_fake_assert_says(const talk_fake_t *talk, const char *key);
// A question waits; or the flow has ended.
void talk_fake_assert_waits(const talk_fake_t *talk);
void talk_fake_assert_ended(const talk_fake_t *talk);
