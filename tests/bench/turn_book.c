// Conversations rest in a ring, oldest first; one is in it when its turn has both its reply and the
// answer to its webhook, in whichever order they came.

#include "turn_book.h"

#include <stdlib.h>

typedef struct {
    int64_t due_us;
    bool waits_for_reply;
    bool waits_for_webhook;
    bool is_spoiled;
} conversation_t;

struct turn_book {
    uint32_t conversations_count;
    conversation_t *conversations;
    uint32_t *resting; // a ring of indexes
    uint32_t resting_head;
    uint32_t resting_count;
    uint32_t open_count;
    turn_counts_t counts;
};

static void rest(turn_book_t *self, uint32_t index)
{
    const conversation_t *conversation = &self->conversations[index];
    if (conversation->waits_for_reply || conversation->waits_for_webhook ||
        conversation->is_spoiled)
        return;
    uint32_t at = (self->resting_head + self->resting_count++) % self->conversations_count;
    self->resting[at] = index;
}

turn_book_t *turn_book_new(uint32_t conversations_count)
{
    turn_book_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    self->conversations_count = conversations_count;
    self->conversations = calloc(conversations_count, sizeof *self->conversations);
    self->resting = calloc(conversations_count, sizeof *self->resting);
    if (self->conversations == NULL || self->resting == NULL)
        abort();
    for (uint32_t i = 0; i < conversations_count; i++)
        rest(self, i);
    return self;
}

void turn_book_destroy(turn_book_t **self_p)
{
    if (*self_p == NULL)
        return;
    free((*self_p)->conversations);
    free((*self_p)->resting);
    free(*self_p);
    *self_p = NULL;
}

bool turn_book_open(turn_book_t *self, int64_t due_us, uint32_t *ret_conversation)
{
    if (self->resting_count == 0)
        return false;
    uint32_t index = self->resting[self->resting_head];
    self->resting_head = (self->resting_head + 1) % self->conversations_count;
    self->resting_count--;
    self->conversations[index] =
        (conversation_t){.due_us = due_us, .waits_for_reply = true, .waits_for_webhook = true};
    self->open_count++;
    self->counts.opened_count++;
    *ret_conversation = index;
    return true;
}

void turn_book_webhook(turn_book_t *self, uint32_t index, bool is_ok)
{
    conversation_t *conversation = &self->conversations[index];
    conversation->waits_for_webhook = false;
    if (!is_ok) {
        self->counts.refused_count++;
        conversation->is_spoiled = true;
    }
    rest(self, index);
}

bool turn_book_reply(turn_book_t *self, uint32_t index, int64_t *ret_due_us)
{
    if (index >= self->conversations_count) {
        self->counts.unknown_count++;
        return false;
    }
    conversation_t *conversation = &self->conversations[index];
    if (!conversation->waits_for_reply) {
        self->counts.extra_count++;
        return false;
    }
    conversation->waits_for_reply = false;
    self->open_count--;
    self->counts.answered_count++;
    *ret_due_us = conversation->due_us;
    rest(self, index);
    return true;
}

uint32_t turn_book_open_count(const turn_book_t *self)
{
    return self->open_count;
}

turn_counts_t turn_book_counts(const turn_book_t *self)
{
    return self->counts;
}
