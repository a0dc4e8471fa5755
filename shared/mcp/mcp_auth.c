// mcp_auth: at most one request to the token endpoint; a list of who waits for its end.
#include "mcp/mcp_auth.h"

#include "mcp/mcp_grant.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FETCH_MS 10000

typedef struct {
    mcp_auth_fn *fn; // NULL: left
    void *context;
} waiter_t;

struct mcp_auth {
    act_loop_t *loop;
    act_http_client_t *http;
    mcp_auth_spec_t spec;
    act_arena_t *arena;
    act_timer_t *tell; // those who wait, in a turn of their own
    char *token;       // NULL: none
    int64_t renew_ms;  // INT64_MAX: when it is refused
    bool is_proven;    // a server took it
    char *unstored;    // a refresh token that is not in the file yet
    char sent[65];     // hash of the refresh token that is asked with
    uint64_t fetch_id; // 0: nothing is asked
    act_err_t err;     // of the last fetch
    const char *text;
    int64_t pause_until_ms;
    waiter_t waiters[MCP_AUTH_WAITERS_MAX_COUNT];
    uint32_t waiters_count;
};

static void drop(char **secret)
{
    if (*secret)
        sodium_memzero(*secret, strlen(*secret));
    act_free(*secret);
    *secret = NULL;
}

static void keep(char **secret, act_str_t value)
{
    drop(secret);
    char *copy = act_alloc(value.len_bytes + 1);
    memcpy(copy, value.ptr, value.len_bytes);
    copy[value.len_bytes] = '\0';
    *secret = copy;
}

static const char *copied(act_arena_t *arena, const char *text)
{
    return text ? act_arena_str(arena, act_str(text)).ptr : NULL;
}

// --- those who wait --------------------------------------------------------------------------------

static void tell_all(void *context)
{
    mcp_auth_t *self = context;
    uint32_t count = self->waiters_count; // who comes meanwhile is told the next time
    // A copy: what they do may replace the token.
    char *token = self->err == ACT_E_OK && self->token ? act_strdup(self->token) : NULL;
    act_err_t err = self->err;
    const char *text = self->text;
    for (uint32_t i = 0; i < count; i++) {
        waiter_t waiter = self->waiters[i];
        if (waiter.fn)
            waiter.fn(waiter.context, token, err, text);
    }
    self->waiters_count -= count;
    memmove(self->waiters, self->waiters + count, self->waiters_count * sizeof *self->waiters);
    drop(&token);
}

static void end_fetch(mcp_auth_t *self, act_err_t err, const char *text)
{
    self->fetch_id = 0;
    self->err = err;
    self->text = text;
    if (err != ACT_E_OK)
        self->pause_until_ms = act_loop_now_ms(self->loop) + MCP_AUTH_PAUSE_MS;
    act_timer_start(self->tell, 0, 0);
}

// --- a sealed token --------------------------------------------------------------------------------

static void read_sealed(mcp_auth_t *self)
{
    act_arena_t *arena = act_arena_new();
    act_str_t secret = {0};
    act_err_t err = self->spec.secrets ? mcp_secrets_read(self->spec.secrets, self->spec.server,
                                                          MCP_SECRET_TOKEN, arena, &secret)
                                       : ACT_E_NOT_FOUND;
    drop(&self->token);
    if (err == ACT_E_OK)
        keep(&self->token, secret);
    act_seal_wipe(&secret);
    act_arena_destroy(&arena);
    self->err = err == ACT_E_NOT_FOUND ? ACT_E_OK : err; // then it is asked without one
    self->text = err == ACT_E_OK || err == ACT_E_NOT_FOUND
                     ? NULL
                     : "the sealed token cannot be opened with this master key";
}

// --- a token of an endpoint ------------------------------------------------------------------------

static void hash_of(act_str_t text, char *ret_hash)
{
    unsigned char hash[32];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)text.ptr, text.len_bytes, NULL, 0);
    sodium_bin2hex(ret_hash, 65, hash, sizeof hash);
}

static act_err_t secret_of(const mcp_auth_t *self, const char *name, act_arena_t *arena,
                           act_str_t *ret_secret)
{
    return self->spec.secrets
               ? mcp_secrets_read(self->spec.secrets, self->spec.server, name, arena, ret_secret)
               : ACT_E_NOT_FOUND;
}

static void fetch(mcp_auth_t *self);

// Until the file has it, nothing is done with the token that came with it.
static bool store(mcp_auth_t *self)
{
    if (!self->unstored)
        return true;
    if (mcp_secrets_write(self->spec.secrets, self->spec.server, MCP_SECRET_REFRESH,
                          act_str(self->unstored)) != ACT_E_OK)
        return false;
    drop(&self->unstored);
    return true;
}

static void end_store(mcp_auth_t *self)
{
    bool is_stored = store(self);
    end_fetch(self, is_stored ? ACT_E_OK : ACT_E_IO,
              is_stored ? NULL : "the new refresh token cannot be stored in mcp.secrets.json");
}

// The refresh token is used up: somebody else may have been given the next one meanwhile.
static bool has_another(const mcp_auth_t *self)
{
    char hash[65];
    act_arena_t *arena = act_arena_new();
    act_str_t secret = {0};
    bool is_read = secret_of(self, MCP_SECRET_REFRESH, arena, &secret) == ACT_E_OK;
    hash_of(secret, hash);
    act_seal_wipe(&secret);
    act_arena_destroy(&arena);
    return is_read && strcmp(hash, self->sent) != 0;
}

static void take_grant(mcp_auth_t *self, mcp_grant_answer_t *answer)
{
    keep(&self->token, answer->access_token);
    self->renew_ms = mcp_grant_renew_ms(act_loop_now_ms(self->loop), answer->expires_in_s);
    self->is_proven = false;
    if (self->spec.is_refresh && !act_str_empty(answer->refresh_token))
        keep(&self->unstored, answer->refresh_token);
    act_seal_wipe(&answer->access_token);
    act_seal_wipe(&answer->refresh_token);
    end_store(self);
}

static void on_answer(void *context, const act_http_in_t *in)
{
    mcp_auth_t *self = context;
    if (in->err != ACT_E_OK) {
        end_fetch(self, in->err, "the token endpoint gave no answer");
        return;
    }
    mcp_grant_answer_t answer;
    act_arena_t *arena = act_arena_new();
    mcp_grant_read(in->status, in->body, arena, &answer);
    if (answer.err == ACT_E_OK)
        take_grant(self, &answer);
    else if (answer.is_grant_refused && self->spec.is_refresh && has_another(self))
        fetch(self);
    else
        end_fetch(self, answer.err, answer.text);
    act_arena_destroy(&arena);
}

static void send_ask(mcp_auth_t *self, const mcp_grant_ask_t *ask, act_arena_t *arena)
{
    const char *headers[] = {"Accept: application/json", mcp_grant_header(ask, arena), NULL};
    act_str_t form = mcp_grant_form(ask, arena);
    const act_http_out_t out = {.method = "POST",
                                .url = self->spec.token_url,
                                .content_type = "application/x-www-form-urlencoded",
                                .headers = headers,
                                .body = form,
                                .timeout_ms = FETCH_MS};
    self->fetch_id = act_http_send(self->http, &out, on_answer, self);
    act_seal_wipe(&form);
    act_str_t line = headers[1] ? act_str(headers[1]) : ACT_STR("");
    act_seal_wipe(&line);
}

static void fetch(mcp_auth_t *self)
{
    act_arena_t *arena = act_arena_new();
    mcp_grant_ask_t ask = {.client_id = act_str(self->spec.client_id),
                           .scope = act_str(self->spec.scope),
                           .resource = act_str(self->spec.resource),
                           .is_secret_in_body = self->spec.is_secret_in_body};
    act_err_t err = secret_of(self, MCP_SECRET_CLIENT, arena, &ask.client_secret);
    bool may_lack = self->spec.is_refresh && err == ACT_E_NOT_FOUND; // a public client
    if (err == ACT_E_OK || may_lack)
        err = self->spec.is_refresh ? secret_of(self, MCP_SECRET_REFRESH, arena, &ask.refresh_token)
                                    : ACT_E_OK;
    hash_of(ask.refresh_token, self->sent);
    if (err == ACT_E_OK)
        send_ask(self, &ask, arena);
    else
        end_fetch(self, err,
                  "its client_secret or refresh_token is not there or cannot be opened "
                  "(parley mcp secret)");
    act_seal_wipe(&ask.client_secret);
    act_seal_wipe(&ask.refresh_token);
    act_arena_destroy(&arena);
}

// --- for the link ----------------------------------------------------------------------------------

static bool is_fresh(const mcp_auth_t *self)
{
    return self->token && !self->unstored && act_loop_now_ms(self->loop) < self->renew_ms;
}

static void look(mcp_auth_t *self)
{
    if (self->fetch_id != 0 || act_timer_is_active(self->tell))
        return;
    bool is_paused = act_loop_now_ms(self->loop) < self->pause_until_ms;
    if (!self->spec.token_url || is_fresh(self) || is_paused) {
        act_timer_start(self->tell, 0, 0);
    } else if (self->unstored && self->token) {
        end_store(self);
    } else {
        fetch(self);
    }
}

bool mcp_auth_get(mcp_auth_t *self, mcp_auth_fn *fn, void *context)
{
    if (self->waiters_count == MCP_AUTH_WAITERS_MAX_COUNT)
        return false;
    self->waiters[self->waiters_count++] = (waiter_t){.fn = fn, .context = context};
    look(self);
    return true;
}

void mcp_auth_leave(mcp_auth_t *self, const void *context)
{
    for (uint32_t i = 0; i < self->waiters_count; i++)
        if (self->waiters[i].context == context)
            self->waiters[i].fn = NULL;
}

static bool is_current(const mcp_auth_t *self, const char *token)
{
    return self->token && token && strcmp(self->token, token) == 0;
}

void mcp_auth_accepted(mcp_auth_t *self, const char *token)
{
    self->is_proven = self->is_proven || is_current(self, token);
}

// A token that no server ever took is not replaced by another at once: that would ask for one a request.
static bool refuse_granted(mcp_auth_t *self)
{
    bool is_proven = self->is_proven;
    drop(&self->token);
    if (!is_proven) {
        self->err = ACT_E_UNAUTHORISED;
        self->text = "the server refuses the token that the endpoint gives";
        self->pause_until_ms = act_loop_now_ms(self->loop) + MCP_AUTH_PAUSE_MS;
    }
    return is_proven;
}

bool mcp_auth_refused(mcp_auth_t *self, const char *token)
{
    if (self->spec.token)
        return false;
    if (self->token && !is_current(self, token))
        return true; // there is another already
    if (self->spec.token_url)
        return self->token ? refuse_granted(self) : self->fetch_id != 0;
    char *old = self->token;
    self->token = NULL;
    read_sealed(self);
    bool is_other = self->token && (!old || strcmp(old, self->token) != 0);
    drop(&old);
    return is_other;
}

// --- life ------------------------------------------------------------------------------------------

mcp_auth_t *mcp_auth_new(act_loop_t *loop, act_http_client_t *http, const mcp_auth_spec_t *spec)
{
    mcp_auth_t *self = act_alloc(sizeof *self);
    act_arena_t *arena = act_arena_new();
    *self = (mcp_auth_t){.loop = loop, .http = http, .spec = *spec, .arena = arena};
    self->spec.token = copied(arena, spec->token);
    self->spec.token_url = copied(arena, spec->token_url);
    self->spec.client_id = copied(arena, spec->client_id);
    self->spec.scope = copied(arena, spec->scope);
    self->spec.resource = copied(arena, spec->resource);
    self->spec.server = copied(arena, spec->server);
    self->tell = act_timer_new(loop, tell_all, self);
    if (spec->token)
        keep(&self->token, act_str(spec->token));
    else if (!spec->token_url)
        read_sealed(self);
    return self;
}

void mcp_auth_destroy(mcp_auth_t **self_p)
{
    mcp_auth_t *self = act_take(self_p);
    if (!self)
        return;
    act_timer_destroy(&self->tell);
    drop(&self->token);
    drop(&self->unstored);
    act_str_t token = self->spec.token ? act_str(self->spec.token) : ACT_STR("");
    act_seal_wipe(&token);
    act_arena_destroy(&self->arena);
    act_free(self);
}
