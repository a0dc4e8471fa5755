// The Graph API of a chaos run: accepts what Parley sends, or not; is slow, refuses, hangs up before
// or after it has accepted; writes each accepted send into a ledger before it answers; and reports
// sent, delivered and read of each, in any order, sometimes before the answer.
//
// A line of the ledger:
//   {"wamid","outbox_id","to","body_hash","at_ms","connection","account","fault"}
// at_ms is the wall clock, as the database's; account is who sent it, from the path; fault is none, slow, hang_up,
// cut, garbage or hang: after the last four Parley cannot know that the message was accepted.

#pragma once

#include "courier.h"
#include "dice.h"
#include "webhook_gen.h"

#include <stdint.h>

typedef struct provider provider_t;

typedef struct {
    const char *host; // as graph_stub_new
    uint16_t port;
    uint32_t sends_max_count; // more are refused with 503 and counted
    const char *ledger_path;
} provider_options_t;

typedef struct {
    uint64_t accepted_count;
    uint64_t refused_count;
    uint64_t hang_ups_count;  // without having accepted
    uint64_t ambiguous_count; // hung up after having accepted
    uint64_t slow_count;
    uint64_t unknown_count; // sends to nobody we know, or without our id: a bug somewhere
} provider_counts_t;

#define STATUSES_PER_SEND 3u

// dice is borrowed for as long as the object lives. NULL, with errno set, when the port or the file
// cannot be had.
provider_t *provider_new(const provider_options_t *options, dice_t *dice);
void provider_destroy(provider_t **self_p);

// Where statuses go; before the first turn.
void provider_report_to(provider_t *self, courier_t *courier);
// A status as the courier posts it: index = STATUSES_PER_SEND * number of the send + 0, 1, 2.
void provider_make_status(const provider_t *self, uint32_t index, webhook_gen_t *webhooks,
                          webhook_t *ret_webhook);

// Who got the send that a status is of.
uint32_t provider_recipient_of(const provider_t *self, uint32_t index);

int provider_fd(const provider_t *self);
int64_t provider_due_us(const provider_t *self);
void provider_turn(provider_t *self);
provider_counts_t provider_counts(const provider_t *self);
