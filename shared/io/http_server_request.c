// http_server_request: one request from its first byte to its last, and what a handler may ask of
// it. The usual request comes in one read: its head and body are then views of one copy. Requests
// are kept for reuse, with their buffers and arena, so that a request allocates nothing.
#include "io/http_server_private.h"

#include <arpa/inet.h>
#include <string.h>

// As many as are usually open at once; more are freed after use.
#define SPARE_MAX_COUNT 32u
// A buffer that grew beyond this for one large body is not kept.
#define SPARE_BUFFER_MAX_BYTES 65536u

// --- life ----------------------------------------------------------------------------------------

static act_http_request_t *request_take_spare(act_http_server_t *server)
{
    act_http_request_t *self = server->spare_requests;
    if (self) {
        server->spare_requests = self->next;
        server->spare_requests_count--;
        return self;
    }
    self = act_alloc(sizeof *self);
    self->arena = act_arena_new();
    act_buf_init(&self->in, ACT_HTTP_HEAD_MAX_BYTES + 2 * ACT_HTTP_READ_MAX_BYTES);
    act_buf_init(&self->collected, server->limits.body_max_bytes);
    return self;
}

act_http_request_t *act_http_request_new(act_http_connection_t *connection)
{
    act_http_server_t *server = connection->server;
    act_http_request_t *self = request_take_spare(server);
    self->server = server;
    self->connection = connection;
    self->peer = connection->peer;
    self->phase = ACT_HTTP_IN_HEAD;
    self->checked_bytes = 0;
    self->path = ACT_STR("");
    self->body = ACT_STR("");
    server->open_requests_count++;
    return self;
}

static void request_destroy(act_http_request_t *self)
{
    act_arena_destroy(&self->arena);
    act_buf_fini(&self->in);
    act_buf_fini(&self->collected);
    act_free(self);
}

void act_http_request_free(act_http_request_t *self)
{
    act_http_server_t *server = self->server;
    server->open_requests_count--;
    if (server->is_dead || server->spare_requests_count == SPARE_MAX_COUNT) {
        request_destroy(self);
        act_http_server_release(server);
        return;
    }
    act_arena_reset(self->arena);
    act_buf_reset(&self->in);
    act_buf_reset(&self->collected);
    if (self->collected.cap_bytes > SPARE_BUFFER_MAX_BYTES)
        act_buf_fini(&self->collected);
    self->next = server->spare_requests;
    server->spare_requests = self;
    server->spare_requests_count++;
}

void act_http_request_destroy_spare(act_http_server_t *server)
{
    while (server->spare_requests) {
        act_http_request_t *self = server->spare_requests;
        server->spare_requests = self->next;
        request_destroy(self);
    }
    server->spare_requests_count = 0;
}

// --- arriving ------------------------------------------------------------------------------------

static size_t feed_chunks(act_http_request_t *self, act_str_t bytes, uint16_t *ret_status)
{
    static const uint16_t statuses[] = {
        [ACT_HTTP_CHUNKED_MORE] = 0,
        [ACT_HTTP_CHUNKED_DONE] = ACT_HTTP_REQUEST_DONE,
        [ACT_HTTP_CHUNKED_BAD] = 400,
        [ACT_HTTP_CHUNKED_TOO_LARGE] = 413,
    };
    size_t used_bytes = 0;
    *ret_status =
        statuses[act_http_chunked_feed(&self->chunked, bytes, &self->collected, &used_bytes)];
    self->body = act_buf_str(&self->collected);
    return used_bytes;
}

static size_t feed_body(act_http_request_t *self, act_str_t bytes, uint16_t *ret_status)
{
    size_t left_bytes = (size_t)self->head.content_length_bytes - self->collected.len_bytes;
    size_t len_bytes = left_bytes < bytes.len_bytes ? left_bytes : bytes.len_bytes;
    act_buf_add(&self->collected, bytes.ptr, len_bytes);
    self->body = act_buf_str(&self->collected);
    *ret_status = len_bytes == left_bytes ? ACT_HTTP_REQUEST_DONE : 0;
    return len_bytes;
}

// The head is there; `bytes` came behind it and lie in self->in, which no longer changes.
static size_t start_body(act_http_request_t *self, act_str_t bytes, uint16_t *ret_status)
{
    if (self->head.is_chunked) {
        self->phase = ACT_HTTP_IN_CHUNKS;
        act_http_chunked_init(&self->chunked);
        return feed_chunks(self, bytes, ret_status);
    }
    uint64_t length_bytes = self->head.content_length_bytes;
    if (length_bytes == ACT_HTTP_NO_LENGTH)
        length_bytes = 0;
    if (length_bytes > self->server->limits.body_max_bytes) {
        *ret_status = 413;
        return 0;
    }
    if (length_bytes <= bytes.len_bytes) {
        self->body = act_str_of(bytes.ptr, (size_t)length_bytes);
        *ret_status = ACT_HTTP_REQUEST_DONE;
        return (size_t)length_bytes;
    }
    self->phase = ACT_HTTP_IN_BODY;
    return act_str_empty(bytes) ? 0 : feed_body(self, bytes, ret_status);
}

static bool decode_path(act_http_request_t *self)
{
    act_str_t path = self->head.path;
    self->path = path;
    if (!memchr(path.ptr, '%', path.len_bytes))
        return true;
    char *room = act_arena_alloc(self->arena, path.len_bytes);
    bool is_valid = false;
    self->path = act_str_of(room, act_http_decode(path, /* is_query= */ false, room, &is_valid));
    return is_valid;
}

static size_t feed_head(act_http_request_t *self, act_str_t bytes, uint16_t *ret_status)
{
    act_buf_add_str(&self->in, bytes);
    size_t head_bytes = act_http_head_end(act_buf_str(&self->in), &self->checked_bytes, ret_status);
    if (head_bytes == 0)
        return bytes.len_bytes;
    *ret_status = act_http_head_parse(self->in.ptr, head_bytes, &self->head);
    if (*ret_status == 0 && !decode_path(self))
        *ret_status = 400;
    if (*ret_status != 0)
        return bytes.len_bytes;
    size_t behind_bytes = self->in.len_bytes - head_bytes;
    size_t used_bytes =
        start_body(self, act_str_of(self->in.ptr + head_bytes, behind_bytes), ret_status);
    return bytes.len_bytes - (behind_bytes - used_bytes);
}

size_t act_http_request_feed(act_http_request_t *self, act_str_t bytes, uint16_t *ret_status)
{
    static size_t (*const feeders[])(act_http_request_t *, act_str_t, uint16_t *) = {
        [ACT_HTTP_IN_HEAD] = feed_head,
        [ACT_HTTP_IN_BODY] = feed_body,
        [ACT_HTTP_IN_CHUNKS] = feed_chunks,
    };
    return feeders[self->phase](self, bytes, ret_status);
}

// --- what a handler may ask ----------------------------------------------------------------------

act_str_t act_http_method(const act_http_request_t *self)
{
    return self->head.method;
}

act_str_t act_http_path(const act_http_request_t *self)
{
    return self->path;
}

act_str_t act_http_body(const act_http_request_t *self)
{
    return self->body;
}

bool act_http_header(act_http_request_t *self, const char *name, act_str_t *ret_value)
{
    act_str_t wanted = act_str(name);
    act_str_t value = ACT_STR("");
    uint32_t found_count = 0;
    for (uint32_t i = 0; i < self->head.fields_count; i++) {
        const act_http_field_t *field = &self->head.fields[i];
        if (!act_str_eq(field->name, wanted))
            continue;
        if (found_count++ == 0)
            value = field->value;
        else
            value = act_arena_printf(self->arena, "%" ACT_STR_FMT ", %" ACT_STR_FMT,
                                     ACT_STR_ARG(value), ACT_STR_ARG(field->value));
    }
    if (found_count > 0)
        *ret_value = value;
    return found_count > 0;
}

bool act_http_query(act_http_request_t *self, const char *name, act_str_t *ret_value)
{
    act_str_t rest = self->head.query;
    char *room = act_arena_alloc(self->arena, rest.len_bytes);
    while (!act_str_empty(rest)) {
        act_str_t value = act_str_cut(&rest, '&');
        act_str_t raw_name = act_str_cut(&value, '=');
        size_t len_bytes = act_http_decode(raw_name, /* is_query= */ true, room, NULL);
        if (!act_str_is(act_str_of(room, len_bytes), name))
            continue;
        len_bytes = act_http_decode(value, /* is_query= */ true, room, NULL);
        *ret_value = act_str_of(room, len_bytes);
        return true;
    }
    return false;
}

act_str_t act_http_peer(const act_http_request_t *self)
{
    char text[INET6_ADDRSTRLEN] = "";
    const struct in6_addr *v6 = &self->peer.v6.sin6_addr;
    if (self->peer.any.sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &self->peer.v4.sin_addr, text, sizeof text);
    else if (self->peer.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
        (void)inet_ntop(AF_INET, &v6->s6_addr[12], text, sizeof text);
    else if (self->peer.any.sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, v6, text, sizeof text);
    return act_arena_str(self->arena, act_str(text));
}

act_arena_t *act_http_arena(act_http_request_t *self)
{
    return self->arena;
}

bool act_http_is_gone(const act_http_request_t *self)
{
    return !self->connection || self->server->is_dead;
}
