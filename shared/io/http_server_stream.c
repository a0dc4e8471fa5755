// http_server_stream: a connection after its upgrade. One write at a time: what the socket does not
// take is kept by libwebsockets, and the next write waits for that; so no queue can grow here.
#include "io/http_server_private.h"

#include "base/assert.h"

struct act_http_stream {
    act_http_connection_t *connection;
    act_http_stream_events_t events;
    void *context;
    bool is_busy;
};

// The connection leaves HTTP with this head; NULL when there is none any more.
static act_http_stream_t *leave_http(act_http_request_t **self_p, act_str_t head,
                                     const act_http_stream_events_t *events, void *context)
{
    act_http_request_t *request = act_take(self_p);
    act_http_connection_t *connection = request->connection;
    act_http_server_t *server = request->server;
    bool is_open = connection && !server->is_dead && !server->is_draining && !connection->is_broken;
    if (connection)
        connection->request = NULL;
    if (!is_open && connection && !server->is_dead) {
        connection->is_closing = true;
        act_http_connection_linger(connection);
    }
    act_http_stream_t *self = NULL;
    if (is_open) {
        self = act_alloc(sizeof *self);
        *self =
            (act_http_stream_t){.connection = connection, .events = *events, .context = context};
        connection->stream = self;
        act_http_connection_set_state(connection, ACT_HTTP_STREAMING);
        bool is_sent = act_http_stream_write(self, head);
        act_assert(is_sent || connection->is_broken);
        if (connection->waiting.len_bytes > 0 && !connection->is_inside)
            lws_callback_on_writable(connection->wsi); // bytes came behind the request
    }
    act_http_request_free(request);
    return self;
}

act_http_stream_t *act_http_upgrade(act_http_request_t **self_p, act_str_t headers,
                                    const act_http_stream_events_t *events, void *context)
{
    act_str_t head = act_arena_printf((*self_p)->arena,
                                      "HTTP/1.1 101 Switching Protocols\r\n%" ACT_STR_FMT "\r\n",
                                      ACT_STR_ARG(headers));
    return leave_http(self_p, head, events, context);
}

act_http_stream_t *act_http_respond_stream(act_http_request_t **self_p, const char *content_type,
                                           act_str_t headers,
                                           const act_http_stream_events_t *events, void *context)
{
    act_str_t head = act_arena_printf((*self_p)->arena,
                                      "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                                      "Connection: close\r\n%" ACT_STR_FMT "\r\n",
                                      content_type, ACT_STR_ARG(headers));
    return leave_http(self_p, head, events, context);
}

bool act_http_stream_write(act_http_stream_t *self, act_str_t bytes)
{
    act_http_connection_t *connection = self->connection;
    if (self->is_busy || connection->is_broken)
        return false;
    act_http_connection_send(connection, bytes);
    if (connection->is_broken) {
        lws_callback_on_writable(connection->wsi); // it is closed there
        return false;
    }
    if (lws_partial_buffered(connection->wsi)) {
        self->is_busy = true;
        // As with answers: libwebsockets would spin on what there is to read.
        act_http_connection_pause(connection);
    }
    return true;
}

bool act_http_stream_is_busy(const act_http_stream_t *self)
{
    return self->is_busy;
}

void act_http_stream_close(act_http_stream_t **self_p)
{
    act_http_stream_t *self = act_take(self_p);
    act_http_connection_t *connection = self->connection;
    connection->stream = NULL;
    connection->is_closing = true;
    if (!connection->server->is_dead)
        act_http_connection_linger(connection);
    act_free(self);
}

size_t act_http_stream_take(act_http_connection_t *connection, act_str_t bytes)
{
    act_http_stream_t *self = connection->stream;
    self->events.on_bytes(self->context, bytes); // which may close and free it
    return bytes.len_bytes;
}

void act_http_stream_on_writable(act_http_connection_t *connection)
{
    act_http_stream_t *self = connection->stream;
    if (!self || !self->is_busy || lws_partial_buffered(connection->wsi))
        return;
    self->is_busy = false;
    self->events.on_drained(self->context); // which may close and free it
}

void act_http_stream_on_closed(act_http_stream_t *self)
{
    self->events.on_closed(self->context);
    act_free(self);
}
