// What is to be done when: a heap by time. Bounded by its capacity; more is a bug of the caller.

#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct agenda agenda_t;

typedef struct {
    int64_t due_us;
    uint64_t tag;
} agenda_item_t;

agenda_t *agenda_new(uint64_t max_count);
void agenda_destroy(agenda_t **self_p);

void agenda_add(agenda_t *self, int64_t due_us, uint64_t tag);
// The earliest time; INT64_MAX when there is nothing.
int64_t agenda_due_us(const agenda_t *self);
// Takes the earliest item when it is due at now_us.
bool agenda_take(agenda_t *self, int64_t now_us, uint64_t *ret_tag);
uint64_t agenda_count(const agenda_t *self);
