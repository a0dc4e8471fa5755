// sends: the messages that were claimed and whose result is not recorded yet. A message waits for
// its turn (tokens, room), is requested from its channel, and recorded (transmit.c, record.c).
#pragma once
#include "delivery.h"

sends_t *sends_new(delivery_t *delivery);
// From now on answers of channels are ignored: what is still open is left to the next claim of the
// same messages. Comes before the HTTP clients go, sends_destroy after.
void sends_close(sends_t *self);
void sends_destroy(sends_t **self_p);

// How long a claim is ours: nobody else may have claimed its message before until_ms, unless we were taken
// for dead and have another number by now (cell/holder.h).
typedef struct {
    int64_t until_ms;
    uint32_t holder_number;
} hold_t;

// A reply of ClaimOutbox, which is copied. A message that is open already goes on under the attempt
// of the new claim: its earlier one ran out, but we know what became of it.
void sends_take(sends_t *self, act_str_t claim_outbox_reply, hold_t hold);

// How many more may be claimed now.
uint32_t sends_room_count(const sends_t *self);

uint32_t sends_count(const sends_t *self);
