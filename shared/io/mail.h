// mail: one plain-text message to one server, by SMTP (CURL), on a thread of the loop's pool. TLS is verified;
// only plainly public addresses are connected to unless it is allowed (io/http_address.h).
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"

typedef enum { ACT_MAIL_STARTTLS, ACT_MAIL_TLS, ACT_MAIL_PLAIN } act_mail_security_t;

// All is copied. Addresses are "me@example.org", without names; texts are UTF-8.
typedef struct {
    const char *host;
    uint16_t port; // 0: 465 with TLS, else 587
    act_mail_security_t security;
    const char *user;     // NULL or "": no login
    const char *password; // wiped after use
    const char *from, *to;
    act_str_t subject; // its first line
    act_str_t text;
    act_str_t message_id; // without angle brackets; the same message has the same
    uint32_t timeout_ms;  // of everything; 0: 20000
    bool allow_private_addresses;
} act_mail_t;

typedef struct {
    act_err_t err;  // OK: the server has taken it. INVALID_ARGUMENT, FORBIDDEN (address), IO
    bool is_final;  // trying again would change nothing
    char text[160]; // for developers
} act_mail_result_t;

typedef void act_mail_done_fn(void *context, const act_mail_result_t *result);

// Exactly one callback follows, never before this returned; it cannot be called back.
void act_mail_send(act_loop_t *loop, const act_mail_t *mail, act_mail_done_fn *done, void *context);

// The bytes of the message, for tests: headers, an empty line, the text in base64.
void act_mail_compose(const act_mail_t *mail, int64_t now_s, act_buf_t *out);
