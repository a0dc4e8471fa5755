// Keeps account of turns: which conversation waits for its reply, since when, and whether each turn
// got exactly one. A conversation has one open turn at a time, so a reply belongs to the turn that is
// open, and one that comes when none is open is one too many.

#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct turn_book turn_book_t;

typedef struct {
    uint64_t opened_count;
    uint64_t answered_count;
    uint64_t extra_count;   // replies to a conversation with no open turn
    uint64_t unknown_count; // replies to nobody we know
    uint64_t refused_count; // webhooks that were not answered 200
} turn_counts_t;

turn_book_t *turn_book_new(uint32_t conversations_count);
void turn_book_destroy(turn_book_t **self_p);

// Opens a turn in the conversation that has rested longest. False when none rests.
bool turn_book_open(turn_book_t *self, int64_t due_us, uint32_t *ret_conversation);

// The webhook of the open turn was answered 200, or not. A conversation whose webhook failed is used
// no more: nobody can tell what it is still owed.
void turn_book_webhook(turn_book_t *self, uint32_t conversation, bool is_ok);

// A reply came. True when it closed a turn, with when that turn was due.
bool turn_book_reply(turn_book_t *self, uint32_t conversation, int64_t *ret_due_us);

// How many turns are open now; after the end of a run, how many never got their reply.
uint32_t turn_book_open_count(const turn_book_t *self);
turn_counts_t turn_book_counts(const turn_book_t *self);
