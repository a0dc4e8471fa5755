// mcp_link_http: each message is one POST; its answer is a document, or an event stream whose last
// message it is. A stream that was cut is taken up by a GET.
#include "mcp/mcp_link.h"

#include "base/buf.h"
#include "io/http_client.h"
#include "io/sse.h"

#include <string.h>

#define REQUESTS_MAX_COUNT 64

typedef struct exchange exchange_t;
struct exchange {
    exchange_t *next;
    struct http_link *link;
    uint64_t id;
    uint64_t transfer;
    act_sse_t sse;
    act_buf_t document;
    bool is_begun, is_stream, is_bad;
};

typedef struct http_link {
    mcp_link_t base;
    act_http_client_t *client;
    char *url;
    char *token;
    exchange_t *exchanges;
} http_link_t;

static char *copy(const char *text)
{
    size_t size_bytes = text ? strlen(text) + 1 : 0;
    return text ? memcpy(act_alloc(size_bytes), text, size_bytes) : NULL;
}

static void remove_exchange(http_link_t *self, exchange_t *exchange)
{
    exchange_t **at = &self->exchanges;
    while (*at != exchange)
        at = &(*at)->next;
    *at = exchange->next;
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

static void on_done(void *context, const act_http_in_t *in)
{
    exchange_t *exchange = context;
    http_link_t *self = exchange->link;
    bool is_large = exchange->is_bad || exchange->document.is_overflowed;
    mcp_end_t end = {.id = exchange->id,
                     .err = is_large ? ACT_E_TOO_LARGE : in->err,
                     .status = in->status,
                     .body = in->body,
                     .text = is_large ? "the answer is too large" : in->text,
                     .event_id = act_str(exchange->sse.id),
                     .retry_ms = exchange->sse.retry_ms};
    (void)act_http_in_field(in, "mcp-session-id", &end.session);
    if (exchange->document.len_bytes > 0 && !is_large && in->err == ACT_E_OK)
        self->base.events.on_message(self->base.events.context, act_buf_str(&exchange->document));
    self->base.events.on_end(self->base.events.context, &end);
    remove_exchange(self, exchange);
}

static void send_message(mcp_link_t *link, const mcp_out_t *out)
{
    http_link_t *self = (http_link_t *)link;
    exchange_t *exchange = act_alloc(sizeof *exchange);
    exchange->link = self;
    exchange->id = out->id;
    act_sse_init(&exchange->sse, MCP_MESSAGE_MAX_BYTES);
    act_buf_init(&exchange->document, MCP_MESSAGE_MAX_BYTES);
    exchange->next = self->exchanges;
    self->exchanges = exchange;
    act_http_out_t request = {.method = out->is_get ? "GET" : "POST",
                              .url = self->url,
                              .bearer_token = self->token,
                              .headers = out->headers,
                              .body = out->text,
                              .timeout_ms = out->timeout_ms,
                              .on_chunk = on_chunk,
                              .keeps_head = true};
    exchange->transfer = act_http_send(self->client, &request, on_done, exchange);
}

static void cancel(mcp_link_t *link, uint64_t id)
{
    http_link_t *self = (http_link_t *)link;
    for (exchange_t *exchange = self->exchanges; exchange; exchange = exchange->next)
        if (exchange->id == id)
            act_http_cancel(self->client, exchange->transfer);
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
    act_http_client_destroy(&self->client); // which ends what is open
    act_free(self->url);
    act_free(self->token);
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
    self->token = copy(spec->bearer_token);
    self->base = (mcp_link_t){.send = send_message,
                              .cancel = cancel,
                              .destroy = destroy,
                              .events = *events,
                              .is_http = true};
    return &self->base;
}
