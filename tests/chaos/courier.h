// Delivers webhooks to one server, or to several in turn, as Meta does: again and again, each time later, until one is answered 200; some
// more often than needed, some late, none lost. A post is a number in one of two kinds; the caller
// makes its bytes whenever it leaves. Bounded by the counts of the options.

#pragma once

#include "dice.h"
#include "load.h"
#include "webhook_gen.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct courier courier_t;

typedef enum { POST_MESSAGE, POST_STATUS, POST_KINDS } post_kind_t;

typedef void(post_make_fn)(void *context, uint32_t index, webhook_t *ret_webhook);
typedef void(post_acked_fn)(void *context, uint32_t index, int64_t acked_us);

typedef struct {
    uint32_t posts_max_count;
    uint32_t doubled_in_10000; // so many leave twice
    post_make_fn *make;
    post_acked_fn *on_acked; // the first 200 of a post
    void *context;
} courier_kind_t;

typedef struct {
    uint64_t posted_count;
    uint64_t acked_count;
    uint64_t tries_count;       // webhooks that left
    uint64_t unavailable_count; // answered 503 or 429
    uint64_t unanswered_count;  // connection lost, or no answer in time
    uint64_t refused_count;     // any other answer: a bug somewhere
} courier_counts_t;

typedef struct {
    uint32_t tries_count;
    uint32_t copies_count; // under way or in the agenda
    bool is_acked;
} post_t;

#define COURIER_SERVERS_MAX 4

// The loads, one a server, at most COURIER_SERVERS_MAX, and dice are borrowed for as long as the object lives.
courier_t *courier_new(load_t *const *loads, uint32_t loads_count, dice_t *dice,
                       const courier_kind_t kinds[POST_KINDS]);
void courier_destroy(courier_t **self_p);

// Posts may be given in any order, each once.
void courier_post(courier_t *self, post_kind_t kind, uint32_t index, int64_t due_us);

// Sends what is due and takes answers; does not wait.
void courier_turn(courier_t *self);
// When courier_turn has something to send; INT64_MAX: when something was answered or posted.
int64_t courier_due_us(const courier_t *self);

courier_counts_t courier_counts(const courier_t *self, post_kind_t kind);
const post_t *courier_post_of(const courier_t *self, post_kind_t kind, uint32_t index);
