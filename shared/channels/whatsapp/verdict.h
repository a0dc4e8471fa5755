// verdict: what an answer of the Cloud API means for the message that was sent (reference:
// channels.md 1.15). Keyed on the error code, never on the HTTP status or the title, which Meta
// changes. Services use the plug point of channels/channel.h, whose members these functions are.
//
// Least waits before a resend, by the number of failed sends before (0, 1, 2, ...):
//   backoff      1 s, 2 s, 4 s, ... 60 s      trouble at Meta, HTTP 5xx, network, number throughput
//   pair         1 s, 4 s, 16 s, ... 1024 s   131056: too many messages to one person
//   maintenance  60 s                         131057
//   quota        1 min, 2 min, ... 15 min     4, 80007: calls of the app or WABA
// A longer Retry-After wins, up to an hour. Give up after about 5 (pair and quota: after the time
// the message still makes sense).
#pragma once
#include "channels/channel.h"

// See act_channel_t.classify. No answer: RETRY if no byte can have reached Meta, else UNKNOWN. 2xx
// without a message id is UNKNOWN as well: it may have been accepted.
void whatsapp_classify(const act_http_in_t *response, uint32_t attempts_count, act_arena_t *arena,
                       act_channel_verdict_t *ret_verdict);

// See act_channel_t.classify_code.
void whatsapp_classify_code(int32_t code, uint32_t attempts_count,
                            act_channel_verdict_t *ret_verdict);
