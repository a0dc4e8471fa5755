// auth: keyed hashes of libsodium. Comparisons are of digests, so that neither length nor content
// shows in the time they take.
#include "auth.h"

#include "base/assert.h"
#include "base/mem.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NONCE_BYTES 16
#define PEERS_COUNT 64
#define PEER_BYTES 48
#define VERSION "1"

typedef struct {
    char peer[PEER_BYTES];
    uint32_t wrong_count;
    int64_t since_ms; // when the count was last brought up to date
} tries_t;

struct auth {
    bool is_open; // there is a token
    unsigned char token_hash[crypto_generichash_BYTES];
    unsigned char session_key[crypto_auth_hmacsha256_KEYBYTES];
    tries_t tries[PEERS_COUNT];
};

auth_t *auth_new(act_str_t token)
{
    static const char purpose[] = "parley admin session";
    auth_t *self = act_alloc(sizeof *self);
    self->is_open = !act_str_empty(token);
    const unsigned char *bytes = (const unsigned char *)(token.ptr ? token.ptr : "");
    crypto_generichash(self->token_hash, sizeof self->token_hash, bytes, token.len_bytes, NULL, 0);
    crypto_generichash(self->session_key, sizeof self->session_key, (const unsigned char *)purpose,
                       sizeof purpose, self->token_hash, sizeof self->token_hash);
    return self;
}

void auth_destroy(auth_t **self_p)
{
    auth_t *self = act_take(self_p);
    if (!self)
        return;
    sodium_memzero(self, sizeof *self);
    act_free(self);
}

bool auth_is_token(const auth_t *self, act_str_t given)
{
    unsigned char hash[crypto_generichash_BYTES];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)(given.ptr ? given.ptr : ""),
                       given.len_bytes, NULL, 0);
    return sodium_memcmp(hash, self->token_hash, sizeof hash) == 0 && self->is_open;
}

// --- sessions ------------------------------------------------------------------------------------

// The signature of a text as hex: 64 characters and the NUL.
static void sign(const auth_t *self, const char *purpose, act_str_t text, char *ret_hex)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, self->session_key, sizeof self->session_key);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.ptr, text.len_bytes);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(ret_hex, 2 * sizeof mac + 1, mac, sizeof mac);
}

static bool is_signature(const auth_t *self, const char *purpose, act_str_t text, act_str_t given)
{
    char hex[AUTH_CSRF_BYTES];
    sign(self, purpose, text, hex);
    return given.len_bytes == sizeof hex - 1 && sodium_memcmp(hex, given.ptr, sizeof hex - 1) == 0;
}

void auth_session_make(const auth_t *self, int64_t now_s, char *ret_session, int64_t *ret_expires_s)
{
    unsigned char nonce[NONCE_BYTES];
    randombytes_buf(nonce, sizeof nonce);
    char hex[2 * NONCE_BYTES + 1], signature[AUTH_CSRF_BYTES];
    sodium_bin2hex(hex, sizeof hex, nonce, sizeof nonce);
    *ret_expires_s = now_s + AUTH_SESSION_S;
    int len =
        snprintf(ret_session, AUTH_SESSION_BYTES, VERSION ".%" PRId64 ".%s", *ret_expires_s, hex);
    sign(self, "session", act_str_of(ret_session, (size_t)len), signature);
    int rest = snprintf(ret_session + len, AUTH_SESSION_BYTES - (size_t)len, ".%s", signature);
    act_assert(len + rest < AUTH_SESSION_BYTES);
}

bool auth_session_check(const auth_t *self, act_str_t session, int64_t now_s,
                        int64_t *ret_expires_s)
{
    if (!self->is_open || session.len_bytes >= AUTH_SESSION_BYTES)
        return false;
    act_str_t rest = session;
    act_str_t version = act_str_cut(&rest, '.');
    act_str_t expires = act_str_cut(&rest, '.');
    (void)act_str_cut(&rest, '.');
    if (!act_str_is(version, VERSION) || rest.len_bytes != AUTH_CSRF_BYTES - 1)
        return false;
    act_str_t signed_part = act_str_of(session.ptr, session.len_bytes - AUTH_CSRF_BYTES);
    int64_t expires_s = 0;
    if (!is_signature(self, "session", signed_part, rest) || !act_str_to_int(expires, &expires_s) ||
        expires_s <= now_s)
        return false;
    *ret_expires_s = expires_s;
    return true;
}

void auth_csrf_make(const auth_t *self, act_str_t session, char *ret_csrf)
{
    sign(self, "csrf", session, ret_csrf);
}

bool auth_csrf_check(const auth_t *self, act_str_t session, act_str_t given)
{
    return is_signature(self, "csrf", session, given);
}

// --- wrong tokens --------------------------------------------------------------------------------

static uint32_t left_of(const tries_t *tries, int64_t now_ms)
{
    int64_t forgiven = (now_ms - tries->since_ms) / AUTH_WRONG_REFILL_MS;
    return forgiven >= tries->wrong_count ? 0 : tries->wrong_count - (uint32_t)forgiven;
}

static const tries_t *find(const auth_t *self, act_str_t peer)
{
    for (size_t i = 0; i < PEERS_COUNT; i++)
        if (act_str_is(peer, self->tries[i].peer))
            return &self->tries[i];
    return NULL;
}

bool auth_may_try(const auth_t *self, act_str_t peer, int64_t now_ms)
{
    const tries_t *tries = find(self, peer);
    return !tries || left_of(tries, now_ms) < AUTH_WRONG_MAX_COUNT;
}

void auth_note_wrong(auth_t *self, act_str_t peer, int64_t now_ms)
{
    const tries_t *known = find(self, peer);
    tries_t *tries = &self->tries[0];
    for (size_t i = 1; i < PEERS_COUNT && !known; i++)
        if (self->tries[i].since_ms < tries->since_ms)
            tries = &self->tries[i];
    if (known) {
        tries = &self->tries[known - self->tries];
        tries->wrong_count = left_of(tries, now_ms);
    } else {
        *tries = (tries_t){0};
        (void)act_str_copy(peer, tries->peer, sizeof tries->peer);
    }
    tries->wrong_count++;
    tries->since_ms = now_ms;
}

// --- headers -------------------------------------------------------------------------------------

act_str_t auth_cookie(act_str_t header, const char *name)
{
    while (!act_str_empty(header)) {
        act_str_t value = act_str_trim(act_str_cut(&header, ';'));
        act_str_t key = act_str_cut(&value, '=');
        if (act_str_is(key, name))
            return value;
    }
    return (act_str_t){0};
}

bool auth_is_same_origin(act_str_t origin, act_str_t host)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < ACT_COUNT(schemes); i++) {
        size_t len_bytes = strlen(schemes[i]);
        if (act_str_starts_with(origin, schemes[i]))
            return !act_str_empty(host) &&
                   act_str_eq(act_str_of(origin.ptr + len_bytes, origin.len_bytes - len_bytes),
                              host);
    }
    return false;
}
