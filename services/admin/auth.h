// auth: who may use the management API. One token; browsers exchange it for a session: a cookie that
// is signed (HMAC-SHA-256 with a key made from the token, so a new token ends all sessions), expires,
// and carries nothing secret. Its CSRF token is a second signature over it. Pure: time is given.
#pragma once
#include "base/err.h"
#include "base/str.h"

typedef struct auth auth_t;

// "1.<expires>.<nonce>.<signature>" and the NUL.
#define AUTH_SESSION_BYTES 112
#define AUTH_CSRF_BYTES 65
#define AUTH_SESSION_S (12 * 3600)
// What scripts and browsers can know of a token: at least this much, as settings check.
#define AUTH_TOKEN_MIN_BYTES 16

// An empty token lets nobody in. The token is copied.
auth_t *auth_new(act_str_t token);
void auth_destroy(auth_t **self_p);

// In constant time.
bool auth_is_token(const auth_t *self, act_str_t given);

void auth_session_make(const auth_t *self, int64_t now_s, char *ret_session,
                       int64_t *ret_expires_s);
// Signed by us and not over.
bool auth_session_check(const auth_t *self, act_str_t session, int64_t now_s,
                        int64_t *ret_expires_s);
void auth_csrf_make(const auth_t *self, act_str_t session, char *ret_csrf);
bool auth_csrf_check(const auth_t *self, act_str_t session, act_str_t given);

// Wrong tokens of one address: after AUTH_WRONG_MAX_COUNT it must wait, right token or not; one try
// comes back every AUTH_WRONG_REFILL_MS. Addresses beyond the table push out the oldest.
#define AUTH_WRONG_MAX_COUNT 10
#define AUTH_WRONG_REFILL_MS 6000
bool auth_may_try(const auth_t *self, act_str_t peer, int64_t now_ms);
void auth_note_wrong(auth_t *self, act_str_t peer, int64_t now_ms);

// The value of one cookie of a Cookie header, or empty.
act_str_t auth_cookie(act_str_t header, const char *name);

// Is the Origin of a request the server it was sent to? "http://127.0.0.1:8081" and the Host header.
bool auth_is_same_origin(act_str_t origin, act_str_t host);
