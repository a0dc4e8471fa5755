// sends_private: what sends.c (waiting), transmit.c (asking the channel) and record.c (the result)
// share.
#pragma once
#include "decide.h"
#include "proto/persistence.h"
#include "sends.h"

typedef struct send send_t;

// The memory of one claim reply and of all that its messages need.
typedef struct {
    act_arena_t *arena;
    uint32_t refs_count;
} batch_t;

typedef enum {
    SEND_WAITING,   // for a token or for room
    SEND_REQUESTED, // the channel is asked
    SEND_RECORDING, // the result is known
    SEND_STATES,
} send_state_t;

struct send {
    send_t *next, *previous;
    sends_t *sends;
    batch_t *batch;
    const outbox_claim_t *claim;
    send_state_t state;
    int32_t attempt;       // of the newest claim
    hold_t hold;           // and how long it is ours
    int32_t unknown_count; // requests whose outcome nobody knows
    int64_t waiting_since_ms;
    memo_t memo;
    // REQUESTED
    const act_channel_t *channel;
    act_channel_contents_t parts; // the content as the channel takes it; none: not split yet
    uint32_t part;
    // RECORDING
    outcome_t outcome;
    act_str_t provider_id;
    int64_t retry_after_ms;
    int32_t error_code;
    act_str_t error_text;
    bool is_unknown;   // the outcome of the last request
    bool is_recording; // the call is open
    uint64_t record_call_id;
    int32_t recorded_attempt;
    int64_t record_at_ms; // when to ask again
    int64_t record_delay_ms;
};

struct sends {
    delivery_t *delivery;
    send_t *first;
    uint32_t counts[SEND_STATES];
    act_timer_t *tick;
    bool is_closing;
};

// The only place where a state changes.
void send_set_state(send_t *self, send_state_t state);

// Something waits for the timer.
void sends_ensure_tick(sends_t *self);

// Ends it and frees it.
void send_finish(send_t *self);

// Gives it back without a request, to be claimed again after delay_ms.
void send_defer(send_t *self, int64_t delay_ms, const char *reason);

// Asks the channel for the next part.
void send_transmit(send_t *self, const account_t *account);

// Sends to watchers only: channels without a provider.
void send_publish_only(send_t *self);

// The result is set: records it, as often as it takes.
void send_record(send_t *self);
void send_record_tick(send_t *self, int64_t now_ms);
