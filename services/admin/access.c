// access: every request of the API passes here first.
#include "admin.h"

#include "base/time.h"
#include "io/json.h"
#include "problem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SESSION_COOKIE "parley_session"
#define COOKIE_ATTRIBUTES "; Path=/; HttpOnly; SameSite=Strict"

static int64_t now_s(void)
{
    return act_time_wall_us() / 1000000;
}

static act_str_t header_of(act_http_request_t *request, const char *name)
{
    act_str_t value = {0};
    (void)act_http_header(request, name, &value);
    return value;
}

static admin_who_t refuse(act_http_request_t **request_p, uint16_t status, const char *detail)
{
    problem_t problem = {.status = status,
                         .err = status == 401   ? ACT_E_UNAUTHORISED
                                : status == 429 ? ACT_E_RATE_LIMITED
                                                : ACT_E_FORBIDDEN,
                         .detail = act_str(detail),
                         .retry_after_s = status == 429 ? AUTH_WRONG_REFILL_MS / 1000 : 0};
    problem_answer(request_p, &problem);
    return ADMIN_NOBODY;
}

// The token of a script, or empty.
static act_str_t given_token(act_http_request_t *request)
{
    act_str_t authorization = header_of(request, "authorization");
    act_str_t scheme = act_str_cut(&authorization, ' ');
    if (act_str_is(scheme, "Bearer") || act_str_is(scheme, "bearer"))
        return act_str_trim(authorization);
    return header_of(request, "x-admin-token");
}

static bool check_token(admin_t *self, act_http_request_t **request_p, act_str_t token)
{
    act_str_t peer = act_http_peer(*request_p);
    int64_t now_ms = act_time_mono_ms();
    if (!auth_may_try(self->auth, peer, now_ms)) {
        refuse(request_p, 429, "too many wrong tokens from this address");
        return false;
    }
    if (auth_is_token(self->auth, token))
        return true;
    auth_note_wrong(self->auth, peer, now_ms);
    act_log_warn(act_actor_log(self->actor), "admin_wrong_token", "peer=%" ACT_STR_FMT,
                 ACT_STR_ARG(peer));
    refuse(request_p, 401, "this is not the token of X_ADMIN_TOKEN (or keys/admin.token)");
    return false;
}

static bool is_safe(const act_http_request_t *request)
{
    act_str_t method = act_http_method(request);
    return act_str_is(method, "GET") || act_str_is(method, "HEAD");
}

static bool is_foreign(act_http_request_t *request)
{
    act_str_t origin = header_of(request, "origin");
    if (!act_str_empty(origin))
        return !auth_is_same_origin(origin, header_of(request, "host"));
    act_str_t site = header_of(request, "sec-fetch-site");
    return !act_str_empty(site) && !act_str_is(site, "same-origin") && !act_str_is(site, "none");
}

admin_who_t admin_authenticate(admin_t *self, act_http_request_t **request_p)
{
    act_http_request_t *request = *request_p;
    act_str_t token = given_token(request);
    if (!act_str_empty(token))
        return check_token(self, request_p, token) ? ADMIN_TOKEN : ADMIN_NOBODY;
    int64_t expires_s = 0;
    act_str_t session = auth_cookie(header_of(request, "cookie"), SESSION_COOKIE);
    if (!auth_session_check(self->auth, session, now_s(), &expires_s))
        return refuse(request_p, 401, "log in, or send the header Authorization: Bearer TOKEN");
    if (is_foreign(request))
        return refuse(request_p, 403, "this request comes from another site");
    if (!is_safe(request) &&
        !auth_csrf_check(self->auth, session, header_of(request, "x-csrf-token")))
        return refuse(request_p, 403,
                      "the header X-CSRF-Token is missing or wrong: GET /api/session tells it");
    return ADMIN_SESSION;
}

act_str_t admin_actor_of(admin_who_t who, act_http_request_t *request)
{
    act_str_t peer = act_http_peer(request);
    if (who == ADMIN_TOKEN)
        return act_arena_printf(act_http_arena(request), "token %" ACT_STR_FMT, ACT_STR_ARG(peer));
    act_str_t session = auth_cookie(header_of(request, "cookie"), SESSION_COOKIE);
    (void)act_str_cut(&session, '.');
    (void)act_str_cut(&session, '.');
    act_str_t nonce = act_str_cut(&session, '.');
    return act_arena_printf(act_http_arena(request), "session %.8s %" ACT_STR_FMT,
                            nonce.len_bytes >= 8 ? nonce.ptr : "", ACT_STR_ARG(peer));
}

// --- sessions ------------------------------------------------------------------------------------

static void answer_session(const admin_t *self, act_http_request_t **request_p, act_str_t session,
                           int64_t expires_s, act_str_t headers)
{
    char csrf[AUTH_CSRF_BYTES] = "";
    if (!act_str_empty(session))
        auth_csrf_make(self->auth, session, csrf);
    act_str_t body =
        act_arena_printf(act_http_arena(*request_p),
                         "{\"csrf_token\":\"%s\",\"expires_s\":%" PRId64 "}", csrf, expires_s);
    problem_answer_json(request_p, 200, body, headers);
}

// Behind a proxy that speaks TLS the cookie is for TLS only.
static const char *secure_attribute(act_http_request_t *request)
{
    return act_str_is(header_of(request, "x-forwarded-proto"), "https") ? "; Secure" : "";
}

static act_str_t token_of_body(act_http_request_t *request)
{
    json_t *root = NULL;
    if (act_json_parse(act_http_body(request), &root, NULL, NULL) != ACT_E_OK)
        return (act_str_t){0};
    act_str_t token = act_arena_str(act_http_arena(request), act_json_str(root, "token"));
    json_decref(root);
    return token;
}

void admin_session_create(admin_t *self, act_http_request_t *request)
{
    if (is_foreign(request)) {
        refuse(&request, 403, "this request comes from another site");
        return;
    }
    if (!check_token(self, &request, token_of_body(request)))
        return;
    char session[AUTH_SESSION_BYTES];
    int64_t expires_s = 0;
    auth_session_make(self->auth, now_s(), session, &expires_s);
    act_str_t cookie =
        act_arena_printf(act_http_arena(request),
                         "Set-Cookie: " SESSION_COOKIE "=%s; Max-Age=%d" COOKIE_ATTRIBUTES "%s\r\n",
                         session, AUTH_SESSION_S, secure_attribute(request));
    act_log_info(act_actor_log(self->actor), "admin_login", "peer=%" ACT_STR_FMT,
                 ACT_STR_ARG(act_http_peer(request)));
    answer_session(self, &request, act_str(session), expires_s, cookie);
}

void admin_session_get(admin_t *self, act_http_request_t *request)
{
    int64_t expires_s = 0;
    act_str_t session = auth_cookie(header_of(request, "cookie"), SESSION_COOKIE);
    if (!auth_session_check(self->auth, session, now_s(), &expires_s))
        session = (act_str_t){0}; // a script's token was good
    answer_session(self, &request, session, expires_s, ACT_STR(""));
}

void admin_session_delete(admin_t *self, act_http_request_t *request)
{
    (void)self;
    problem_answer_json(
        &request, 204, ACT_STR(""),
        ACT_STR("Set-Cookie: " SESSION_COOKIE "=; Max-Age=0" COOKIE_ATTRIBUTES "\r\n"));
}
