// ways: a row a kind.
#include "ways.h"

#include "io/json.h"
#include "io/mail.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEND_MS 20000
#define MESSAGE_BUDGET_MS 5000

typedef struct {
    const ways_t *ways;
    const notice_t *notice;
    act_arena_t *arena;
    json_t *config;
    act_str_t secret;
    way_done_fn *done;
    void *context;
} sending_t;

static void end(sending_t *self, act_err_t err, bool is_final, const char *text)
{
    act_seal_wipe(&self->secret);
    json_decref(self->config);
    self->done(self->context,
               &(way_result_t){.err = err, .is_final = is_final, .text = text ? text : ""});
}

static const char *setting(const sending_t *self, const char *name)
{
    return json_string_value(json_object_get(self->config, name));
}

// The same for each attempt.
static const char *key_of(const sending_t *self)
{
    return act_arena_printf(self->arena, "%" ACT_STR_FMT "/%" PRId64 "/%" ACT_STR_FMT,
                            ACT_STR_ARG(self->notice->of_tenant), self->notice->notification_id,
                            ACT_STR_ARG(self->notice->integration_id))
        .ptr;
}

static act_str_t first_line(act_str_t text)
{
    return act_str_cut(&text, '\n');
}

// --- e-mail ----------------------------------------------------------------------------------------

static void on_mailed(void *context, const act_mail_result_t *result)
{
    end(context, result->err, result->is_final, result->text);
}

static act_mail_security_t security_of(const char *name)
{
    static const struct {
        const char *name;
        act_mail_security_t security;
    } rows[] = {{"plain", ACT_MAIL_PLAIN}, {"tls", ACT_MAIL_TLS}};
    for (size_t i = 0; name && i < ACT_COUNT(rows); i++)
        if (strcmp(name, rows[i].name) == 0)
            return rows[i].security;
    return ACT_MAIL_STARTTLS;
}

// In a Message-ID only letters, digits, dots and dashes.
static act_str_t message_id_of(const sending_t *self)
{
    char *id = (char *)(uintptr_t)act_arena_printf(self->arena, "%s@parley", key_of(self)).ptr;
    for (char *at = id; *at; at++)
        if (*at == '/' || *at == '_' || *at == ' ')
            *at = '.';
    return act_str(id);
}

static void send_email(sending_t *self)
{
    const act_mail_t mail = {
        .host = setting(self, "host"),
        .port = (uint16_t)act_json_int(self->config, "port", 0),
        .security = security_of(setting(self, "security")),
        .user = setting(self, "user"),
        .password = self->secret.ptr,
        .from = setting(self, "from"),
        .to = setting(self, "to"),
        .subject = first_line(self->notice->body),
        .text = self->notice->body,
        .message_id = message_id_of(self),
        .timeout_ms = SEND_MS,
        .allow_private_addresses = self->ways->allow_private_addresses,
    };
    act_mail_send(act_actor_loop(self->ways->actor), &mail, on_mailed, self);
}

// --- webhook ---------------------------------------------------------------------------------------

static void on_posted(void *context, const act_http_in_t *in)
{
    sending_t *self = context;
    bool is_good = in->err == ACT_E_OK && in->status >= 200 && in->status < 300;
    bool is_refused = in->err == ACT_E_OK && in->status >= 400 && in->status < 500 &&
                      in->status != 408 && in->status != 429;
    bool is_wrong = in->err == ACT_E_FORBIDDEN || in->err == ACT_E_INVALID_ARGUMENT;
    const char *text =
        in->err == ACT_E_OK ? act_arena_printf(self->arena, "status %d", in->status).ptr : in->text;
    act_seal_wipe(&self->secret);
    json_decref(self->config);
    self->done(self->context, &(way_result_t){.err = is_good               ? ACT_E_OK
                                                     : in->err != ACT_E_OK ? in->err
                                                                           : ACT_E_IO,
                                              .is_final = is_refused || is_wrong,
                                              .retry_after_ms = in->retry_after_s * 1000,
                                              .text = text ? text : ""});
}

static const char *signature_of(const sending_t *self, const char *body)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char hex[sizeof mac * 2 + 1];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)self->secret.ptr,
                                self->secret.len_bytes);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
    return act_arena_printf(self->arena, "X-Parley-Signature: sha256=%s", hex).ptr;
}

static void send_webhook(sending_t *self)
{
    const notice_t *notice = self->notice;
    json_t *root = json_object();
    json_object_set_new(root, "tenant",
                        json_stringn(notice->of_tenant.ptr, notice->of_tenant.len_bytes));
    json_object_set_new(root, "kind", json_stringn(notice->kind.ptr, notice->kind.len_bytes));
    json_object_set_new(root, "text", json_stringn(notice->body.ptr, notice->body.len_bytes));
    json_object_set_new(
        root, "conversation_id",
        json_stringn(notice->conversation_id.ptr, notice->conversation_id.len_bytes));
    json_object_set_new(root, "at_ms", json_integer(notice->created_at_ms));
    char *body = json_dumps(root, JSON_COMPACT);
    const char *headers[] = {act_arena_printf(self->arena, "Idempotency-Key: %s", key_of(self)).ptr,
                             NULL, NULL};
    if (!act_str_empty(self->secret) && body)
        headers[1] = signature_of(self, body);
    const act_http_out_t request = {.method = "POST",
                                    .url = act_arena_str(self->arena, notice->url).ptr,
                                    .headers = headers,
                                    .body = act_str(body),
                                    .timeout_ms = SEND_MS};
    act_http_send(self->ways->http, &request, on_posted, self);
    free(body);
    json_decref(root);
}

// --- the owner's own conversation ------------------------------------------------------------------

static void on_put(void *context, const act_reply_t *reply, const put_notice_message_reply_t *put)
{
    bool is_put = reply->err == ACT_E_OK && put->was_put;
    end(context, reply->err == ACT_E_OK && !is_put ? ACT_E_NOT_FOUND : reply->err,
        reply->err == ACT_E_OK, is_put ? "" : "the owner has not written to the bot");
}

static void send_channel(sending_t *self)
{
    const char *address = setting(self, "address");
    const put_notice_message_request_t request = {.address = act_str(address ? address : "?"),
                                                  .idempotency_key = act_str(key_of(self)),
                                                  .text = self->notice->body};
    const act_call_opts_t opts = {.tenant = self->notice->of_tenant,
                                  .budget_ms = MESSAGE_BUDGET_MS};
    persistence_put_notice_message(self->ways->actor, &opts, &request, on_put, self);
}

static const struct {
    const char *way;
    void (*send)(sending_t *self);
} rows[] = {{"email", send_email}, {"webhook", send_webhook}, {"channel", send_channel}};

// --- all of them -----------------------------------------------------------------------------------

static void end_later(void *context)
{
    end(context, ACT_E_CONFIG, /* is_final= */ true,
        "the configuration is no JSON object, the secret does not open, or there is no such way");
}

void ways_send(const ways_t *self, const notice_t *notice, act_arena_t *arena, way_done_fn *done,
               void *context)
{
    sending_t *sending = act_arena_alloc(arena, sizeof *sending);
    *sending = (sending_t){.ways = self,
                           .notice = notice,
                           .arena = arena,
                           .secret = act_str(""),
                           .done = done,
                           .context = context};
    const char *name = act_arena_printf(arena, ACT_SEAL_INTEGRATION "%" ACT_STR_FMT,
                                        ACT_STR_ARG(notice->integration_id))
                           .ptr;
    bool is_good = act_json_parse(notice->config, &sending->config, NULL, NULL) == ACT_E_OK &&
                   (act_str_empty(notice->secret) ||
                    act_open(self->key, notice->of_tenant, name, notice->secret, arena,
                             &sending->secret) == ACT_E_OK);
    for (size_t i = 0; is_good && i < ACT_COUNT(rows); i++)
        if (act_str_is(notice->way, rows[i].way)) {
            rows[i].send(sending);
            return;
        }
    act_loop_post(act_actor_loop(self->actor), end_later, sending);
}
