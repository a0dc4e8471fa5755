// whatsapp: the row of the table of channels.
#include "channels/whatsapp/whatsapp.h"

#include "channels/whatsapp/inbound.h"
#include "channels/whatsapp/outbound.h"
#include "channels/whatsapp/shape.h"
#include "channels/whatsapp/verdict.h"

// Meta publishes no limit and wants a median of 250 ms; others report 3 to 10 s. Its repeats go on
// for seven days.
#define HOLD_MS 4000

// The customer service window, and how many messages may borrow from the rate of a pair.
#define REPLY_WINDOW_MS (INT64_C(24) * 3600 * 1000)
#define PAIR_BURST_COUNT 45

// Longer ones fold into "read more" on a phone.
#define ANSWER_MAX_COUNT 1200

static bool verify(const act_channel_webhook_t *webhook, act_str_t app_secret)
{
    return whatsapp_signature_is_valid(webhook->body, webhook->signature, app_secret);
}

static act_err_t parse(const act_channel_webhook_t *webhook, act_arena_t *arena,
                       act_channel_batch_t *ret_batch)
{
    return whatsapp_parse(webhook->body, arena, ret_batch);
}

// The message says which chat it is in.
static act_err_t render_typing(const act_channel_account_t *account, act_str_t address,
                               act_str_t external_id, act_arena_t *arena,
                               act_http_out_t *ret_request)
{
    (void)address;
    return whatsapp_render_typing(account, external_id, arena, ret_request);
}

const act_channel_t whatsapp_channel = {
    .name = "whatsapp",
    .signature_header = "x-hub-signature-256",
    .mode_parameter = "hub.mode",
    .token_parameter = "hub.verify_token",
    .challenge_parameter = "hub.challenge",
    .hold_ms = HOLD_MS,
    .reply_window_ms = REPLY_WINDOW_MS,
    .pair_burst_count = PAIR_BURST_COUNT,
    .limits = {.text_max_chars = WHATSAPP_TEXT_MAX_COUNT,
               .answer_max_chars = ANSWER_MAX_COUNT,
               .buttons_max_count = WHATSAPP_BUTTONS_MAX_COUNT},
    .media = whatsapp_media,
    .verify = verify,
    .is_handshake = whatsapp_handshake_is_valid,
    .parse = parse,
    .split = whatsapp_split,
    .render = whatsapp_render,
    .render_typing = render_typing,
    .classify = whatsapp_classify,
    .classify_code = whatsapp_classify_code,
};
