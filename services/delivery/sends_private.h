// sends_private: what sends.c (waiting), transmit.c (asking the channel) and record.c (the result)
// share.
#pragma once
#include "actor/gather.h"
#include "decide.h"
#include "intents.h"
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
    SEND_INTENDING, // for the commit of its INTENT
    SEND_REQUESTED, // the channel is asked
    SEND_RECORDING, // the result is known
    SEND_STATES,
} send_state_t;

struct send {
    act_gather_item_t gathered; // first: see send_of
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
    int64_t next_after_ms; // of media that was sent
    int32_t error_code;
    act_str_t error_text;
    act_str_t reason_code; // of a refusal of ours
    act_str_t advice;
    bool is_unknown;   // the outcome of the last request
    bool is_recording; // gathered, or the call is open
    bool is_alone;     // shares no call: another one with it was refused
    int32_t recorded_attempt;
    int64_t record_at_ms; // when to ask again
    int64_t record_delay_ms;
};

typedef struct record_call record_call_t;

struct sends {
    delivery_t *delivery;
    send_t *first;
    uint32_t counts[SEND_STATES];
    act_timer_t *tick;
    intents_t *intents;
    act_gather_t *records; // by tenant
    record_call_t *record_calls;
    bool is_closing;
};

static inline send_t *send_of(act_gather_item_t *item)
{
    return (send_t *)item;
}

// The only place where a state changes.
void send_set_state(send_t *self, send_state_t state);

// Something waits for the timer.
void sends_ensure_tick(sends_t *self);

// Ends it and frees it.
void send_finish(send_t *self);

// Gives it back without a request, to be claimed again after delay_ms.
void send_defer(send_t *self, int64_t delay_ms, const char *reason);

// Is there time for a whole request before somebody else may claim the message? By a clock that is read
// now: the process may have been stopped since the loop looked at it.
bool send_is_ours(const send_t *self);

// Asks the channel for the next part. Its INTENT is committed.
void send_transmit(send_t *self);

// Sends to watchers only: channels without a provider.
void send_publish_only(send_t *self);

// The result is set: records it, as often as it takes.
void send_record(send_t *self);
void send_record_tick(send_t *self, int64_t now_ms);
// Calls for results that were set; after each event that may have set some.
void sends_flush(sends_t *self);

// The table of calls (record.c).
void sends_records_open(sends_t *self);
void sends_records_close(sends_t *self);
