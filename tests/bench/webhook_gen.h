// Makes signed WhatsApp Cloud API webhooks, one message each, no two alike: message ids are unique in
// a run and between runs, texts carry a running number, the contact is one of a fixed number.

#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct webhook_gen webhook_gen_t;

typedef enum {
    WEBHOOK_TEXT,
    WEBHOOK_GREETING, // the texts of webhook_gen_greeting
    WEBHOOK_REACTION, // an emoji under an earlier message: to be stored, never to be answered
} webhook_kind_t;

typedef struct {
    webhook_kind_t kind;          // of webhook_gen_next
    const char *secret;           // app secret, at most 256 bytes
    const char *phone_id;         // phone_number_id of the business, digits
    uint32_t conversations_count; // how many contacts write; 1 to 10000000
    uint64_t seed;                // 0: from the system, so that two runs never share a message id
} webhook_gen_options_t;

// All of it is borrowed until the next call on the generator.
typedef struct {
    const char *headers; // signature and content type, each line with its CR LF
    const char *body;
    size_t body_bytes;
    const char *wamid;
    const char *from; // the phone number of the contact, digits
} webhook_t;

// The strings of the options are copied. NULL, with errno set, when an option is out of its limits.
webhook_gen_t *webhook_gen_new(const webhook_gen_options_t *options);
void webhook_gen_destroy(webhook_gen_t **self_p);

// A message of the kind of the options, from a contact chosen at random.
void webhook_gen_next(webhook_gen_t *self, webhook_t *ret_webhook);

// A message with this text from the contact with this index (below conversations_count). The text
// goes between quotes in JSON as it is: escape it before. At most 1024 bytes; more is a bug of the
// caller.
void webhook_gen_text(webhook_gen_t *self, uint32_t conversation_index, const char *text,
                      webhook_t *ret_webhook);

// A greeting, in one of nine languages: it is answered with the menu, one message.
void webhook_gen_greeting(webhook_gen_t *self, uint32_t conversation_index, webhook_t *ret_webhook);

// A text as the message with this number: the same number again is the same message, byte for byte
// but for the second in which it is made. The other functions count numbers from 0; use one way only.
void webhook_gen_numbered(webhook_gen_t *self, uint64_t number, uint32_t conversation_index,
                          const char *text, webhook_t *ret_webhook);

// The same, as a picture without a caption.
void webhook_gen_picture(webhook_gen_t *self, uint64_t number, uint32_t conversation_index,
                         webhook_t *ret_webhook);

// The contact's index in its phone number (webhook_t.from); UINT32_MAX when there is none.
uint32_t webhook_gen_conversation(const char *phone, size_t phone_bytes);

// What became of a message that the business sent. Ids need no escapes and have at most 64 bytes.
typedef struct {
    uint32_t conversation_index; // who got it
    const char *wamid;
    const char *status;    // sent, delivered, read
    const char *outbox_id; // biz_opaque_callback_data
} webhook_status_t;

void webhook_gen_status(webhook_gen_t *self, const webhook_status_t *status,
                        webhook_t *ret_webhook);
