// departures: instances that are gone, told to the database, so that others take their leases at once and not
// when they run out (promises.md D7). Kept until persistence has heard of them, at most for as long as the
// database needs to notice by itself.
#pragma once
#include "broker.h"
#include "base/log.h"

#define DEPARTURES_MAX_COUNT 64
#define DEPARTURES_MAX_AGE_MS 30000

typedef struct departures departures_t;

departures_t *departures_new(broker_t *broker, act_log_t *log, const char *cell);
void departures_destroy(departures_t **self_p);

// is_dead: its process has ended; else it is only silent. One too many is left to the database.
void departures_on_gone(departures_t *self, const peer_t *peer, bool is_dead);
// Tells the next one, if none is on its way.
void departures_on_tick(departures_t *self);
uint32_t departures_count(const departures_t *self);
