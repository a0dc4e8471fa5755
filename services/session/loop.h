// loop: does another bot answer us? Two bots that talk to each other never stop, and each answer costs. A
// message is machine-like when it came sooner after our last answer than anybody could have read that and
// typed this, or when it says the same as the one before it. Enough of them in a row, and the bot is silent until
// a message looks human again (it halves the count), or a person gives the conversation back.
//
// Pure: the count and the hash of the last text are columns of the conversation.
#pragma once
#include "base/str.h"

#include <stdint.h>

typedef struct {
    uint32_t count;    // how machine-like the last messages were
    int64_t text_hash; // of the last text; 0: none
} loop_t;

typedef struct {
    act_str_t text;
    bool is_choice;   // tapped, not typed
    int64_t think_ms; // since our last turn ended; <= 0: it was written before
} loop_message_t;

// With one more turn of the customer.
loop_t loop_after(loop_t loop, const loop_message_t *message);

// turns_max 0: never.
bool loop_is_over(loop_t loop, uint32_t turns_max);
