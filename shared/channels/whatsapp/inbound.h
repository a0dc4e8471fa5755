// inbound: the webhook of the WhatsApp Cloud API (reference: shared design, channels.md 1.2
// to 1.8). Services do not call this; they use the plug point of channels/channel.h, whose members
// these functions are. Pure functions, see there.
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "channels/channel.h"

// Is `header` (X-Hub-Signature-256) "sha256=" and the HMAC-SHA256 of the raw bytes in 64 lowercase
// hex digits? Nothing else may stand in it. Constant time in the secret and the expected signature.
// An empty secret signs nothing.
bool whatsapp_signature_is_valid(act_str_t body, act_str_t header, act_str_t app_secret);

// GET handshake: mode is "subscribe" and the token is ours (constant time; an empty one matches
// nothing).
bool whatsapp_handshake_is_valid(act_str_t mode, act_str_t token, act_str_t expected_token);

// One POST, which may hold updates for several numbers. MALFORMED: not JSON; INVALID_ARGUMENT: not
// a WhatsApp webhook. Updates past ACT_CHANNEL_UPDATES_MAX_COUNT are counted as unmapped.
act_err_t whatsapp_parse(act_str_t body, act_arena_t *arena, act_channel_batch_t *ret_batch);
