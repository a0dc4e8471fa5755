// channel: the plug point for messaging channels. A channel is one folder beside this file, one row
// of act_channels (channel.c) and its sources in the build; services name no channel. Ingress uses
// the members under "coming in", delivery those under "going out".
//
// Every function here is pure: no I/O, no state, no blocking, any thread. All text and arrays that
// are returned live in the arena given. Input is hostile: nothing a provider or customer sends may
// end the process, and work is bounded by the size of the input.
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "io/http_client.h"
#include "proto/common.h"

// --- coming in -----------------------------------------------------------------------------------

// One POST of a provider. What a channel does not need may be left empty.
typedef struct {
    act_str_t body;        // raw bytes, as received
    act_str_t signature;   // value of the header that signature_header names; empty when absent
    act_str_t account_key; // path after the channel's route: "" or, as with bots, which account
    act_str_t public_url;  // as the provider was told, with query: some sign it
} act_channel_webhook_t;

// What one POST says about one account of ours. Order is the order received, which is not the order
// in which things happened.
typedef struct {
    act_str_t external_id; // ChannelAccount.external_id, the provider's id of our number or bot:
                           // finds the tenant. Empty when the provider named only the owner
    act_str_t owner_id;    // what the account belongs to (WhatsApp: WABA id); may be empty
    struct {
        inbound_message_t *items;
        uint32_t count;
    } messages;
    struct {
        delivery_status_t *items;
        uint32_t count;
    } statuses;
    uint32_t errors_count;    // trouble the provider reports about the account itself
    int32_t first_error_code; // of them
    uint32_t others_count;    // updates of kinds we do not use
} act_channel_updates_t;

typedef struct {
    struct {
        act_channel_updates_t *items;
        uint32_t count;
    } accounts;
    uint32_t groups_count;   // messages in group chats: ignored, as nobody asked us there
    uint32_t unmapped_count; // no id or sender, or past the limit: keep the body as a dead letter
} act_channel_batch_t;

// --- going out -----------------------------------------------------------------------------------

// How to reach the provider in the name of one account.
typedef struct {
    act_str_t api_base;     // "https://host[:port][/path]"; empty: the provider's own
    act_str_t api_version;  // empty: the newest we know
    act_str_t external_id;  // as in act_channel_updates_t
    act_str_t access_token; // secret
} act_channel_account_t;

typedef struct {
    const act_channel_account_t *account;
    act_str_t address;   // inbound_message_t.address of the customer, or .alias if it must be that
    act_str_t outbox_id; // attached to the message where the provider gives it back in statuses
    const outbound_content_t *content;
} act_channel_send_t;

typedef struct {
    outbound_content_t *items;
    uint32_t count;
} act_channel_contents_t;

// A kind of media that a channel carries, by a link that its provider fetches.
typedef struct {
    const char *type;         // as in outbound_content_t
    size_t caption_max_count; // code points; 0: no caption
    bool has_file_name;
} act_channel_media_t;

typedef enum {
    ACT_CHANNEL_SENT,    // accepted
    ACT_CHANNEL_RETRY,   // not accepted; the same request may be accepted after delay_ms
    ACT_CHANNEL_REFUSED, // this message will never be accepted
    ACT_CHANNEL_STOPPED, // nor any other of this account, until a person has acted: alert the owner
    ACT_CHANNEL_UNKNOWN, // nobody can know: look for a status with our outbox id before any resend
} act_channel_outcome_t;

typedef struct {
    act_channel_outcome_t outcome;
    act_str_t provider_id; // SENT: the provider's id of the message
    act_str_t address;     // SENT: whom the provider took the address for; may differ, may be empty
    int64_t delay_ms;      // RETRY: least wait, without jitter
    bool is_account_wide;  // RETRY: all sends of the account should wait, not this customer's alone
    bool needs_template;   // REFUSED: the provider's window for free text is closed
    int32_t code;          // the provider's, 0 when it gave none
    act_str_t text;        // the provider's words, for logs and the console
    const char *advice;    // what a person can do about it, English; "" when nothing
} act_channel_verdict_t;

// What whoever writes a message should know beforehand; render takes care of the rest.
typedef struct {
    uint32_t text_max_chars;    // code points of one text message
    uint32_t answer_max_chars;  // what people read there at once; at most text_max_chars
    uint32_t buttons_max_count; // below one message; 0: it has none
} act_channel_limits_t;

// --- the plug ------------------------------------------------------------------------------------

typedef struct {
    // Lower case, final: the channel in rows, routes (/webhook/<name>), metrics.
    const char *name;

    // Lower-case name of the header that carries the signature or shared secret.
    const char *signature_header;

    // Query parameters of the handshake that some providers make by GET before they send anything.
    // All NULL when there is none: GET is then answered 405.
    const char *mode_parameter;
    const char *token_parameter;
    const char *challenge_parameter;

    // How long after a customer's message anything but a template may be sent; 0: always.
    int64_t reply_window_ms;

    // So many messages may go to one customer at once, borrowed from the rate of later ones; 0: no rate.
    int64_t pair_burst_count;

    // Ends with a row without type; NULL: it carries no media. Whoever sends checks type, link and caption:
    // what is wrong there cannot be shaped.
    const act_channel_media_t *media;

    act_channel_limits_t limits;

    // How long a webhook may be held back while storage is away, before it is answered 503.
    uint32_t hold_ms;

    // Did the provider make this request? Constant time in the secret; an empty secret verifies
    // nothing. Call it with each secret that could apply, before parse; then use only the updates
    // of accounts that have the secret that matched.
    bool (*verify)(const act_channel_webhook_t *webhook, act_str_t app_secret);

    // May the handshake be answered 200 with the challenge, as text/plain, verbatim? Otherwise 403.
    // NULL when mode_parameter is.
    bool (*is_handshake)(act_str_t mode, act_str_t token, act_str_t expected_token);

    // The POST as updates of our models, at most ACT_CHANNEL_UPDATES_MAX_COUNT. MALFORMED: not the
    // encoding the channel speaks. INVALID_ARGUMENT: readable, but not a webhook of this channel.
    // With both, and with unmapped_count, the caller keeps the body as a dead letter and answers
    // 200: the provider would only repeat it. ret_batch is untouched on failure.
    act_err_t (*parse)(const act_channel_webhook_t *webhook, act_arena_t *arena,
                       act_channel_batch_t *ret_batch);

    // The contents that show `content` whole: one, or several in order when it is longer than the
    // channel takes. For whoever writes the outbox, so that each message has its own outbox id.
    // Borrows from content.
    void (*split)(const outbound_content_t *content, act_arena_t *arena,
                  act_channel_contents_t *ret_contents);

    // The request that sends one content, ready for act_http_send. What does not fit the channel is
    // cut or changed in shape, so limits are never an error. INVALID_ARGUMENT: there is nothing to
    // send (no text, no template name) or the account or address is unusable.
    act_err_t (*render)(const act_channel_send_t *send, act_arena_t *arena,
                        act_http_out_t *ret_request);

    // The request that shows the customer that we read external_id and are writing. Its answer does
    // not matter. NULL when the channel has no such thing.
    act_err_t (*render_typing)(const act_channel_account_t *account, act_str_t address,
                               act_str_t external_id, act_arena_t *arena,
                               act_http_out_t *ret_request);

    // What the end of a render request means. attempts_count: sends of this message that failed
    // before this one; the caller gives up after as many as it likes. Text borrows from the arena.
    void (*classify)(const act_http_in_t *response, uint32_t attempts_count, act_arena_t *arena,
                     act_channel_verdict_t *ret_verdict);

    // The same for a code that arrived in a delivery_status_t with status "failed". Never SENT or
    // UNKNOWN; text is empty.
    void (*classify_code)(int32_t code, uint32_t attempts_count,
                          act_channel_verdict_t *ret_verdict);
} act_channel_t;

// Messages and statuses taken from one POST (Meta sends at most as many).
#define ACT_CHANNEL_UPDATES_MAX_COUNT 1000

// All channels; ends with NULL.
extern const act_channel_t *const act_channels[];

// NULL when there is no such channel.
const act_channel_t *act_channel_find(act_str_t name);

// Is this type of outbound_content_t media, whether a channel carries it or not?
bool act_channel_is_media(act_str_t type);

// Row of act_channel_t.media; NULL when the channel does not carry media of this type.
const act_channel_media_t *act_channel_media_find(const act_channel_media_t *media, act_str_t type);
