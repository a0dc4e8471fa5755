// asks: the calls in hand, from their request to their reply: the cache, the reservation of money, the
// choice of a route, requests, retries and fallbacks, the record of what was used.
#pragma once
#include "gateway.h"
#include "job.h"

asks_t *asks_new(gateway_t *gateway);
// Those in hand end as cancelled. Accepts NULL inside.
void asks_destroy(asks_t **self_p);

// Takes the call over. `request` lives in its arena.
void asks_start(asks_t *self, act_call_t *call, const job_t *job, const void *request,
                act_str_t role, act_str_t conversation_id);

// In hand, usage that is being recorded included.
uint32_t asks_count(const asks_t *self);
