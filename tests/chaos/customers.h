// The customers of a chaos run: who writes next, what, and whether it was acknowledged. A customer
// writes the next message only after the one before was acknowledged, and waits for no reply, so
// bursts happen; between customers there is no order.

#pragma once

#include "dice.h"
#include "webhook_gen.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct customers customers_t;

// Of a hundred messages puzzles_pct are for the agent and its model. dice is borrowed for as long as the
// object lives.
customers_t *customers_new(uint32_t customers_count, uint32_t messages_max_count,
                           uint32_t puzzles_pct, dice_t *dice);
void customers_destroy(customers_t **self_p);

// Somebody who may writes a message: its index, from 0 up. False when all wait for an acknowledgement
// or messages_max_count were written.
bool customers_write(customers_t *self, uint32_t *ret_index);
void customers_acked(customers_t *self, uint32_t index, int64_t acked_us);

// Of the monotonic clock.
int64_t customers_written_us(const customers_t *self, uint32_t index);
uint32_t customers_messages_count(const customers_t *self);
uint32_t customers_writer_of(const customers_t *self, uint32_t index);
void customers_make(const customers_t *self, uint32_t index, webhook_gen_t *webhooks,
                    webhook_t *ret_webhook);

// Writes one JSON line a message: {"external_id","from","number","written_ms","acked_ms"}: number counts
// the messages of that customer from 1, times are the wall clock, acked_ms 0 is never. False when
// the file cannot be written.
bool customers_save(const customers_t *self, webhook_gen_t *webhooks, const char *path);
