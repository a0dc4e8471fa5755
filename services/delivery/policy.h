// policy: may this message go to its channel now? One pure function, asked before every send; the rows of
// its table are the rules (docs/reliability.md). Who may speak is no rule of the channel: the fence of
// the conversation's owner is checked with the INTENT, in the database.
#pragma once
#include "channels/channel.h"

typedef struct {
    const act_channel_t *channel;
    const outbound_content_t *content;
    bool allows_inside;         // media links may be http, and to private addresses
    bool is_reply;              // answers a message, or a person wrote it
    bool is_opted_out;          // and it is no answer to what they wrote since
    int64_t customer_silent_ms; // since their last message; -1: they never wrote
    // Minutes since midnight where the tenant is; equal: no quiet hours.
    int32_t local_minute;
    int32_t quiet_from_minute;
    int32_t quiet_to_minute;
    int64_t pair_wait_ms; // until this customer may get one more message; 0: now
} policy_facts_t;

typedef enum {
    POLICY_ALLOWED,
    POLICY_LATER,
    POLICY_NEEDS_TEMPLATE,
    POLICY_REFUSED
} policy_verdict_t;

typedef struct {
    policy_verdict_t verdict;
    const char *code;   // "WINDOW_CLOSED"; "" when allowed
    const char *reason; // for people
    const char *advice; // what would work
    int64_t delay_ms;   // of LATER
} policy_t;

policy_t policy_decide(const policy_facts_t *facts);
