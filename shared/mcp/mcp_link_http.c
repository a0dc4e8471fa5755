// mcp_link_http: each message is one POST; its answer is a document, or an event stream whose last
// message it is. A stream that was cut is taken up by a GET.
#include "mcp/mcp_link.h"

#include "base/buf.h"
#include "io/http_client.h"
#include "io/sse.h"

#include <sodium.h>
#include <string.h>

#define REQUESTS_MAX_COUNT 64

typedef struct exchange exchange_t;
struct exchange {
    exchange_t *next;
    struct http_link *link;
    uint64_t id;
    act_arena_t *arena; // holds the message, which may have to be sent again
    mcp_out_t out;
    uint64_t transfer; // 0: it waits for its token
    char *token;       // that it was sent with
    act_sse_t sse;
    act_buf_t document;
    bool is_begun, is_stream, is_bad;
    bool was_refused;      // once; it is not asked a third time
    act_timer_t *overload; // to say so, later
};

typedef struct http_link {
    mcp_link_t base;
    act_loop_t *loop;
    act_http_client_t *client;
    mcp_auth_t *auth;
    char *url;
    exchange_t *exchanges;
    bool is_closing;
} http_link_t;

static char *copy(const char *text)
{
    return text ? act_strdup(text) : NULL;
}

static void forget_token(exchange_t *exchange)
{
    if (exchange->token)
        sodium_memzero(exchange->token, strlen(exchange->token));
    act_free(exchange->token);
    exchange->token = NULL;
}

static void remove_exchange(http_link_t *self, exchange_t *exchange)
{
    exchange_t **at = &self->exchanges;
    while (*at != exchange)
        at = &(*at)->next;
    *at = exchange->next;
    mcp_auth_leave(self->auth, exchange);
    act_timer_destroy(&exchange->overload);
    forget_token(exchange);
    act_arena_destroy(&exchange->arena);
    act_sse_fini(&exchange->sse);
    act_buf_fini(&exchange->document);
    act_free(exchange);
}

static void on_event(void *context, act_str_t name, act_str_t data)
{
    exchange_t *exchange = context;
    bool is_message = act_str_empty(name) || act_str_is(name, "message");
    if (is_message && !act_str_empty(data)) // an empty one only primes the stream
        exchange->link->base.events.on_message(exchange->link->base.events.context, data);
}

static void on_chunk(void *context, act_str_t bytes)
{
    exchange_t *exchange = context;
    if (!exchange->is_begun) {
        bytes = act_str_trim(bytes).len_bytes == 0 ? (act_str_t){0} : bytes;
        if (act_str_empty(bytes))
            return;
        exchange->is_begun = true;
        exchange->is_stream = act_str_trim(bytes).ptr[0] != '{';
    }
    if (exchange->is_stream)
        exchange->is_bad =
            act_sse_feed(&exchange->sse, bytes, on_event, exchange) != ACT_E_OK || exchange->is_bad;
    else
        act_buf_add_str(&exchange->document, bytes);
}

// --- an exchange ---------------------------------------------------------------------------------

static void end_exchange(exchange_t *exchange, const mcp_end_t *end)
{
    http_link_t *self = exchange->link;
    self->base.events.on_end(self->base.events.context, end);
    remove_exchange(self, exchange);
}

static void send_now(exchange_t *exchange);

static void on_token(void *context, const char *token, act_err_t err, const char *text)
{
    exchange_t *exchange = context;
    if (err != ACT_E_OK) {
        end_exchange(exchange, &(mcp_end_t){.id = exchange->id, .err = err, .text = text});
        return;
    }
    forget_token(exchange);
    exchange->token = copy(token);
    send_now(exchange);
}

static void fail_overloaded(void *context)
{
    exchange_t *exchange = context;
    end_exchange(exchange, &(mcp_end_t){.id = exchange->id,
                                        .err = ACT_E_OVERLOADED,
                                        .text = "too many requests wait for a token"});
}

static void ask_for_token(exchange_t *exchange)
{
    http_link_t *self = exchange->link;
    exchange->transfer = 0;
    if (!mcp_auth_get(self->auth, on_token, exchange))
        act_timer_start(exchange->overload, 0, 0);
}

// 401 says that nothing was done: with another token it is asked once more.
static bool is_asked_again(exchange_t *exchange, uint16_t status)
{
    http_link_t *self = exchange->link;
    if (status == 0)
        return false;
    if (status != 401) {
        mcp_auth_accepted(self->auth, exchange->token);
        return false;
    }
    bool has_other = mcp_auth_refused(self->auth, exchange->token);
    if (!has_other || exchange->was_refused)
        return false;
    exchange->was_refused = true;
    ask_for_token(exchange);
    return true;
}

static mcp_end_t end_of(const exchange_t *exchange, const act_http_in_t *in)
{
    bool is_large = exchange->is_bad || exchange->document.is_overflowed;
    mcp_end_t end = {.id = exchange->id,
                     .err = is_large ? ACT_E_TOO_LARGE : in->err,
                     .status = in->status,
                     .body = in->body,
                     .text = is_large ? "the answer is too large" : in->text,
                     .event_id = act_str(exchange->sse.id),
                     .retry_ms = exchange->sse.retry_ms};
    if (in->err == ACT_E_OK && (in->status == 401 || in->status == 403)) {
        end.err = ACT_E_UNAUTHORISED;
        end.text = in->status == 401 ? "the server refuses the token, or wants one"
                                     : "the server does not allow this with this token";
    }
    (void)act_http_in_field(in, "mcp-session-id", &end.session);
    return end;
}

static void on_done(void *context, const act_http_in_t *in)
{
    exchange_t *exchange = context;
    http_link_t *self = exchange->link;
    if (self->is_closing || !is_asked_again(exchange, in->err == ACT_E_OK ? in->status : 0)) {
        mcp_end_t end = end_of(exchange, in);
        if (exchange->document.len_bytes > 0 && end.err == ACT_E_OK)
            self->base.events.on_message(self->base.events.context,
                                         act_buf_str(&exchange->document));
        end_exchange(exchange, &end);
    }
}

static void send_now(exchange_t *exchange)
{
    http_link_t *self = exchange->link;
    const act_http_out_t request = {.method = exchange->out.is_get ? "GET" : "POST",
                                    .url = self->url,
                                    .bearer_token = exchange->token,
                                    .headers = exchange->out.headers,
                                    .body = exchange->out.text,
                                    .timeout_ms = exchange->out.timeout_ms,
                                    .on_chunk = on_chunk,
                                    .keeps_head = true};
    exchange->transfer = act_http_send(self->client, &request, on_done, exchange);
}

static const char *const *copy_headers(act_arena_t *arena, const char *const *headers)
{
    size_t count = 0;
    while (headers[count])
        count++;
    const char **copies = act_arena_alloc_array(arena, count + 1, sizeof *copies);
    for (size_t i = 0; i < count; i++)
        copies[i] = act_arena_str(arena, act_str(headers[i])).ptr;
    copies[count] = NULL;
    return copies;
}

static void send_message(mcp_link_t *link, const mcp_out_t *out)
{
    http_link_t *self = (http_link_t *)link;
    exchange_t *exchange = act_alloc(sizeof *exchange);
    exchange->link = self;
    exchange->id = out->id;
    exchange->arena = act_arena_new();
    exchange->out = *out;
    exchange->out.text = act_arena_str(exchange->arena, out->text);
    exchange->out.headers = copy_headers(exchange->arena, out->headers);
    exchange->overload = act_timer_new(self->loop, fail_overloaded, exchange);
    act_sse_init(&exchange->sse, MCP_MESSAGE_MAX_BYTES);
    act_buf_init(&exchange->document, MCP_MESSAGE_MAX_BYTES);
    exchange->next = self->exchanges;
    self->exchanges = exchange;
    ask_for_token(exchange);
}

static void cancel(mcp_link_t *link, uint64_t id)
{
    http_link_t *self = (http_link_t *)link;
    for (exchange_t *exchange = self->exchanges, *next = NULL; exchange; exchange = next) {
        next = exchange->next;
        if (exchange->id != id)
            continue;
        if (exchange->transfer != 0)
            act_http_cancel(self->client, exchange->transfer);
        else
            remove_exchange(self, exchange);
    }
}

static void ignore_end(void *context, const mcp_end_t *end)
{
    (void)context;
    (void)end;
}

static void ignore_message(void *context, act_str_t text)
{
    (void)context;
    (void)text;
}

static void destroy(mcp_link_t *link)
{
    http_link_t *self = (http_link_t *)link;
    self->base.events =
        (mcp_link_events_t){.on_message = ignore_message, .on_end = ignore_end, .context = NULL};
    self->is_closing = true;
    act_http_client_destroy(&self->client); // which ends what is open
    while (self->exchanges)
        remove_exchange(self, self->exchanges); // and these waited for a token
    mcp_auth_destroy(&self->auth);
    act_free(self->url);
    act_free(self);
}

mcp_link_t *mcp_link_http(act_loop_t *loop, const mcp_http_spec_t *spec,
                          const mcp_link_events_t *events)
{
    act_http_client_limits_t limits = {.connections_max_count = REQUESTS_MAX_COUNT,
                                       .requests_max_count = REQUESTS_MAX_COUNT,
                                       .response_max_bytes = MCP_MESSAGE_MAX_BYTES,
                                       .allow_private_addresses = spec->allow_private_addresses};
    http_link_t *self = act_alloc(sizeof *self);
    self->client = act_http_client_new(loop, &limits);
    self->url = copy(spec->url);
    self->loop = loop;
    self->auth = mcp_auth_new(loop, self->client, &spec->auth);
    self->base = (mcp_link_t){.send = send_message,
                              .cancel = cancel,
                              .destroy = destroy,
                              .events = *events,
                              .is_http = true};
    return &self->base;
}
