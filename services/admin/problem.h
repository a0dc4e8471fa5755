// problem: answers of the management API: JSON, or application/problem+json (RFC 9457), each with the
// security headers every answer of the admin port has.
#pragma once
#include "base/err.h"
#include "io/http_server.h"

typedef struct {
    uint16_t status;
    act_err_t err;     // ACT_E_OK: no code
    const char *title; // NULL: the error's text
    act_str_t detail;  // for people
    act_str_t field;   // the one that is not as it should be, or empty
    uint32_t retry_after_s;
} problem_t;

void problem_answer(act_http_request_t **request_p, const problem_t *problem);

// The status that fits an error of a call.
uint16_t problem_status(act_err_t err);

// Strict content security policy, no framing, no sniffing, no referrer; each line ended by CRLF. The
// second takes one more source of styles, such as " 'nonce-%s'".
#define PROBLEM_SECURITY_HEADERS PROBLEM_SECURITY_HEADERS_STYLE("")
#define PROBLEM_SECURITY_HEADERS_STYLE(source)                                                     \
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'" source      \
    "; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src "    \
    "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"                      \
    "X-Content-Type-Options: nosniff\r\n"                                                          \
    "X-Frame-Options: DENY\r\n"                                                                    \
    "Referrer-Policy: no-referrer\r\n"                                                             \
    "Cross-Origin-Opener-Policy: same-origin\r\n"                                                  \
    "Cross-Origin-Resource-Policy: same-origin\r\n"                                                \
    "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n"

// JSON that no cache keeps; more_headers may be empty.
void problem_answer_json(act_http_request_t **request_p, uint16_t status, act_str_t body,
                         act_str_t more_headers);
