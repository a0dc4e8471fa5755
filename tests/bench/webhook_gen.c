// Signed WhatsApp webhooks from a counter, a seed and a template.

#include "webhook_gen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#define SECRET_MAX_BYTES 256
#define PHONE_ID_MAX_BYTES 32
#define CONVERSATIONS_MAX 10000000u
#define CONVERSATION_DIGITS 7 // a phone number ends with the index of its conversation
#define TEXT_MAX_BYTES 1024
#define BODY_MAX_BYTES 4096

struct webhook_gen {
    crypto_auth_hmacsha256_state keyed; // the key is already in: a copy of it starts each signature
    webhook_kind_t kind;
    char phone_id[PHONE_ID_MAX_BYTES + 1];
    uint32_t conversations_count;
    uint64_t seed;
    uint64_t made_count;
    char from[16];
    char wamid[80];
    char text[160];
    char content[TEXT_MAX_BYTES + 64]; // the part of the message that its type is about
    char headers[160];
    char body[BODY_MAX_BYTES];
};

// Greetings that people send, in nine languages; each is answered with the menu, one message.
static const char *const greetings[] = {
    "bonjour",     "hola",      "hello",        "guten tag", "olá, tudo bem?", "ciao",
    "dzień dobry", "Bună ziua", "السلام عليكم", "salut",     "buenos días",    "good morning",
    "hallo",       "bom dia",   "salve",        "cześć",     "bună seara",     "مرحبا",
};

// What people write first, escaped as Meta escapes it.
static const char *const openings[] = {
    "hola",
    "Hi, is the shop open tomorrow?",
    "quisiera una cita para ma\\u00f1ana a las 10",
    "How much is a haircut and a beard trim",
    "bom dia, voc\\u00eas entregam no s\\u00e1bado?",
    "ok gracias \\ud83d\\ude00",
    "I want to change my appointment to Friday at 16:30 please",
    "cu\\u00e1nto cuesta el env\\u00edo 24\\/7",
};

// The finalizer of splitmix64: one to one, so different counters never give the same word.
static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

webhook_gen_t *webhook_gen_new(const webhook_gen_options_t *options)
{
    size_t secret_bytes = strlen(options->secret);
    if (secret_bytes > SECRET_MAX_BYTES || strlen(options->phone_id) > PHONE_ID_MAX_BYTES ||
        options->conversations_count == 0 || options->conversations_count > CONVERSATIONS_MAX) {
        errno = EINVAL;
        return NULL;
    }
    if (sodium_init() < 0)
        abort();
    webhook_gen_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    crypto_auth_hmacsha256_init(&self->keyed, (const unsigned char *)options->secret, secret_bytes);
    (void)snprintf(self->phone_id, sizeof self->phone_id, "%s", options->phone_id);
    self->conversations_count = options->conversations_count;
    self->kind = options->kind;
    self->seed = options->seed;
    if (self->seed == 0)
        randombytes_buf(&self->seed, sizeof self->seed);
    return self;
}

void webhook_gen_destroy(webhook_gen_t **self_p)
{
    if (*self_p == NULL)
        return;
    sodium_memzero(&(*self_p)->keyed, sizeof(*self_p)->keyed);
    free(*self_p);
    *self_p = NULL;
}

static void sign_body(webhook_gen_t *self, size_t body_bytes)
{
    crypto_auth_hmacsha256_state state = self->keyed;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char hex[crypto_auth_hmacsha256_BYTES * 2 + 1];
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)self->body, body_bytes);
    crypto_auth_hmacsha256_final(&state, mac);
    (void)sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
    (void)snprintf(self->headers, sizeof self->headers,
                   "Content-Type: application/json\r\nX-Hub-Signature-256: sha256=%s\r\n", hex);
}

// What every webhook begins with; a message or a status and "}]}}]}]}" follow.
#define ENVELOPE                                                                                   \
    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"900001\",\"changes\":["        \
    "{\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\","                       \
    "\"metadata\":{\"display_phone_number\":\"15550009999\",\"phone_number_id\":\"%s\"},"

static size_t write_message(webhook_gen_t *self, uint32_t conversation_index)
{
    int length = snprintf(
        self->body, sizeof self->body,
        ENVELOPE "\"contacts\":[{\"profile\":{\"name\":\"Contact %" PRIu32 "\"},\"wa_id\":\"%s\","
                 "\"user_id\":\"US.9%019" PRIu32 "\"}],"
                 "\"messages\":[{\"from\":\"%s\",\"from_user_id\":\"US.9%019" PRIu32
                 "\",\"id\":\"%s\","
                 "\"timestamp\":\"%" PRId64 "\",%s}]}}]}]}",
        self->phone_id, conversation_index, self->from, conversation_index, self->from,
        conversation_index, self->wamid, (int64_t)time(NULL), self->content);
    if (length < 0 || (size_t)length >= sizeof self->body)
        abort(); // the limits above make this impossible
    return (size_t)length;
}

static void give(webhook_gen_t *self, size_t body_bytes, webhook_t *ret_webhook)
{
    sign_body(self, body_bytes);
    *ret_webhook = (webhook_t){.headers = self->headers,
                               .body = self->body,
                               .body_bytes = body_bytes,
                               .wamid = self->wamid,
                               .from = self->from};
}

// The webhook around self->content.
static void make(webhook_gen_t *self, uint64_t number, uint32_t conversation_index,
                 webhook_t *ret_webhook)
{
    (void)snprintf(self->from, sizeof self->from, "1555%0*" PRIu32, CONVERSATION_DIGITS,
                   conversation_index);
    (void)snprintf(self->wamid, sizeof self->wamid, "wamid.HBgL%016" PRIX64 "%016" PRIX64,
                   mix(self->seed + number), self->seed);
    give(self, write_message(self, conversation_index), ret_webhook);
}

void webhook_gen_numbered(webhook_gen_t *self, uint64_t number, uint32_t conversation_index,
                          const char *text, webhook_t *ret_webhook)
{
    if (strlen(text) > TEXT_MAX_BYTES)
        abort();
    (void)snprintf(self->content, sizeof self->content,
                   "\"type\":\"text\",\"text\":{\"body\":\"%s\"}", text);
    make(self, number, conversation_index, ret_webhook);
}

void webhook_gen_greeting(webhook_gen_t *self, uint32_t conversation_index, webhook_t *ret_webhook)
{
    size_t count = sizeof greetings / sizeof greetings[0];
    webhook_gen_text(self, conversation_index, greetings[conversation_index % count], ret_webhook);
}

void webhook_gen_picture(webhook_gen_t *self, uint64_t number, uint32_t conversation_index,
                         webhook_t *ret_webhook)
{
    (void)snprintf(self->content, sizeof self->content,
                   "\"type\":\"image\",\"image\":{\"id\":\"%" PRIu64
                   "\",\"mime_type\":\"image/jpeg\",\"sha256\":\"c2hhMjU2\"}",
                   number);
    make(self, number, conversation_index, ret_webhook);
}

uint32_t webhook_gen_conversation(const char *phone, size_t phone_bytes)
{
    uint32_t index = 0;
    if (phone_bytes < CONVERSATION_DIGITS)
        return UINT32_MAX;
    for (size_t i = phone_bytes - CONVERSATION_DIGITS; i < phone_bytes; i++) {
        if (phone[i] < '0' || phone[i] > '9')
            return UINT32_MAX;
        index = index * 10 + (uint32_t)(phone[i] - '0');
    }
    return index;
}

void webhook_gen_status(webhook_gen_t *self, const webhook_status_t *status, webhook_t *ret_webhook)
{
    (void)snprintf(self->from, sizeof self->from, "1555%0*" PRIu32, CONVERSATION_DIGITS,
                   status->conversation_index);
    (void)snprintf(self->wamid, sizeof self->wamid, "%s", status->wamid);
    int length = snprintf(self->body, sizeof self->body,
                          ENVELOPE "\"statuses\":[{\"id\":\"%s\",\"status\":\"%s\","
                                   "\"timestamp\":\"%" PRId64 "\",\"recipient_id\":\"%s\","
                                   "\"biz_opaque_callback_data\":\"%s\"}]}}]}]}",
                          self->phone_id, self->wamid, status->status, (int64_t)time(NULL),
                          self->from, status->outbox_id);
    if (length < 0 || (size_t)length >= sizeof self->body)
        abort(); // ids are short
    give(self, (size_t)length, ret_webhook);
}

void webhook_gen_text(webhook_gen_t *self, uint32_t conversation_index, const char *text,
                      webhook_t *ret_webhook)
{
    webhook_gen_numbered(self, self->made_count++, conversation_index, text, ret_webhook);
}

static void make_reaction(webhook_gen_t *self, uint32_t conversation_index, webhook_t *ret_webhook)
{
    (void)snprintf(self->content, sizeof self->content,
                   "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.OUT%016" PRIX64
                   "\",\"emoji\":\"\\ud83d\\udc4d\"}",
                   mix(self->made_count));
    make(self, self->made_count++, conversation_index, ret_webhook);
}

void webhook_gen_next(webhook_gen_t *self, webhook_t *ret_webhook)
{
    uint64_t dice = mix(~self->seed ^ self->made_count);
    uint32_t conversation_index = (uint32_t)(dice >> 32) % self->conversations_count;
    if (self->kind == WEBHOOK_REACTION) {
        make_reaction(self, conversation_index, ret_webhook);
        return;
    }
    if (self->kind == WEBHOOK_GREETING) {
        webhook_gen_greeting(self, conversation_index, ret_webhook);
        return;
    }
    const char *opening = openings[dice % (sizeof openings / sizeof openings[0])];
    (void)snprintf(self->text, sizeof self->text, "%s (%" PRIu64 ")", opening, self->made_count);
    webhook_gen_text(self, conversation_index, self->text, ret_webhook);
}
