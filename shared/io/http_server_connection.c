// http_server_connection: one request at a time. Bytes that arrive behind an unanswered request
// wait; when too many wait, reading stops and the kernel makes the peer wait. A connection that is
// to be closed is first shut on our side and then read to its end: closing with bytes unread would
// make the kernel send a reset, which may overtake and erase the answer.
#include "io/http_server_private.h"

#include "base/assert.h"
#include "base/crash_point.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

// Reading stops when more than this waits behind a request.
#define WAITING_PAUSE_BYTES 16384u
// An answer buffer that grew beyond this for one large body is not kept.
#define OUT_KEEP_MAX_BYTES 262144u

// --- states --------------------------------------------------------------------------------------

static void list_remove(act_http_list_t *list, act_http_connection_t *connection)
{
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        list->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    else
        list->last = connection->previous;
}

static void list_append(act_http_list_t *list, act_http_connection_t *connection)
{
    connection->previous = list->last;
    connection->next = NULL;
    if (list->last)
        list->last->next = connection;
    else
        list->first = connection;
    list->last = connection;
}

void act_http_connection_set_state(act_http_connection_t *self, act_http_state_t state)
{
    list_remove(&self->server->lists[self->state], self);
    self->state = state;
    self->since_ms = act_loop_now_ms(self->server->loop);
    list_append(&self->server->lists[state], self);
}

// --- life ----------------------------------------------------------------------------------------

act_http_connection_t *act_http_connection_new(act_http_server_t *server, struct lws *wsi,
                                               const act_http_peer_address_t *peer)
{
    act_http_connection_t *self = act_alloc(sizeof *self);
    self->server = server;
    self->wsi = wsi;
    self->peer = *peer;
    self->state =
        ACT_HTTP_READING; // one that never says anything has no longer than a slow request
    self->since_ms = act_loop_now_ms(server->loop);
    // What waits is at most what was there when reading stopped, and the read that stopped it.
    act_buf_init(&self->waiting, WAITING_PAUSE_BYTES + 2 * ACT_HTTP_READ_MAX_BYTES);
    list_append(&server->lists[self->state], self);
    server->counts.connections_count++;
    server->counts.accepted_count++;
    return self;
}

void act_http_connection_on_closed(act_http_connection_t *self)
{
    act_http_server_t *server = self->server;
    if (self->request && self->state == ACT_HTTP_ANSWERING)
        self->request->connection = NULL;
    else if (self->request)
        act_http_request_free(self->request);
    list_remove(&server->lists[self->state], self);
    if (self->stream)
        act_http_stream_on_closed(self->stream);
    act_buf_fini(&self->waiting);
    act_free(self);
    server->counts.connections_count--;
    act_http_server_connection_closed(server);
}

void act_http_connection_kill(act_http_connection_t *self)
{
    lws_set_timeout(self->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

void act_http_connection_pause(act_http_connection_t *self)
{
    if (self->is_paused)
        return;
    self->is_paused = true;
    if (lws_rx_flow_control(self->wsi, 0) < 0)
        self->is_broken = true;
}

void act_http_connection_resume(act_http_connection_t *self)
{
    if (!self->is_paused)
        return;
    self->is_paused = false;
    if (lws_rx_flow_control(self->wsi, 1) < 0)
        self->is_broken = true;
}

// --- answering -----------------------------------------------------------------------------------

static const char *reason_of(uint16_t status)
{
    static const struct {
        uint16_t status;
        const char *reason;
    } rows[] = {
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        if (rows[i].status == status)
            return rows[i].reason;
    }
    return "Other";
}

// RFC 9110, section 5.6.7; made once a second.
static const char *date_of(act_http_server_t *server)
{
    time_t now_s = time(NULL);
    if (now_s != server->date_s) {
        struct tm utc;
        gmtime_r(&now_s, &utc);
        (void)strftime(server->date, sizeof server->date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        server->date_s = now_s;
    }
    return server->date;
}

static void format_head(act_http_server_t *server, const act_http_response_t *response,
                        const act_http_connection_t *connection)
{
    const char *type =
        response->content_type ? response->content_type : "text/plain; charset=utf-8";
    act_assert(strlen(type) < 128 && !strpbrk(type, "\r\n"));
    char length[48] = "";
    char retry[48] = "";
    if (response->status != 204 && response->status != 304)
        (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n", response->body.len_bytes);
    if (response->retry_after_s > 0)
        (void)snprintf(retry, sizeof retry, "Retry-After: %u\r\n", response->retry_after_s);
    const char *connection_field = "";
    if (connection->is_closing)
        connection_field = "Connection: close\r\n";
    else if (connection->request && connection->request->head.is_http_1_0)
        connection_field = "Connection: keep-alive\r\n";
    char head[512];
    int len =
        snprintf(head, sizeof head, "HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Type: %s\r\n%s%s%s",
                 response->status, reason_of(response->status), date_of(server), type, length,
                 retry, connection_field);
    act_assert(len > 0 && (size_t)len < sizeof head);
    act_buf_add(&server->out, head, (size_t)len);
    act_buf_add_str(&server->out, response->headers);
    act_buf_add_str(&server->out, ACT_STR("\r\n"));
}

// Sends what is in server->out; libwebsockets keeps what the socket does not take.
static void write_out(act_http_connection_t *self)
{
    act_buf_t *out = &self->server->out;
    act_assert(!out->is_overflowed);
    unsigned char *bytes = (unsigned char *)out->ptr + LWS_PRE;
    ACT_CRASH_POINT("http.reply.first_byte");
    if (!self->is_broken &&
        lws_write(self->wsi, bytes, out->len_bytes - LWS_PRE, LWS_WRITE_RAW) < 0)
        self->is_broken = true;
    ACT_CRASH_POINT("http.reply.last_byte");
    if (out->cap_bytes > OUT_KEEP_MAX_BYTES)
        act_buf_fini(out);
}

static void reset_out(act_buf_t *out)
{
    static const char room_for_libwebsockets[LWS_PRE];
    act_buf_reset(out);
    act_buf_add(out, room_for_libwebsockets, sizeof room_for_libwebsockets);
}

void act_http_connection_send(act_http_connection_t *self, act_str_t bytes)
{
    reset_out(&self->server->out);
    act_buf_add_str(&self->server->out, bytes);
    write_out(self);
}

void act_http_connection_linger(act_http_connection_t *self)
{
    (void)shutdown(lws_get_socket_fd(self->wsi), SHUT_WR);
    act_http_connection_set_state(self, ACT_HTTP_LINGERING);
    act_buf_fini(&self->waiting);
    act_http_connection_resume(self);
}

// The answer is on its way: the next request, or the end.
static void settle(act_http_connection_t *self)
{
    if (self->is_closing) {
        act_http_connection_linger(self);
        return;
    }
    act_http_connection_set_state(self, ACT_HTTP_IDLE);
    if (self->waiting.len_bytes == 0)
        act_http_connection_resume(self);
    else if (!self->is_inside)
        lws_callback_on_writable(self->wsi); // a handler's call must not lead into the next handler
}

// Ends the current request with an answer.
static void answer(act_http_connection_t *self, const act_http_response_t *response)
{
    act_http_server_t *server = self->server;
    const act_http_request_t *request = self->request;
    if (server->is_draining)
        self->is_closing = true;
    reset_out(&server->out);
    format_head(server, response, self);
    bool has_body = response->status != 204 && response->status != 304;
    if (has_body && !(request && act_str_is(request->head.method, "HEAD")))
        act_buf_add_str(&server->out, response->body);
    write_out(self);
    self->request = NULL;
    if (self->is_broken)
        self->is_closing = true;
    if (self->is_broken || !lws_partial_buffered(self->wsi)) {
        settle(self);
        return;
    }
    act_http_connection_set_state(self, ACT_HTTP_FLUSHING);
    // libwebsockets does not read while it has something to write, but would spin on what there is.
    act_http_connection_pause(self);
}

void act_http_respond(act_http_request_t **self_p, const act_http_response_t *response)
{
    act_http_request_t *self = act_take(self_p);
    act_http_connection_t *connection = self->connection;
    if (connection && self->server->is_dead) {
        connection->request = NULL;
    } else if (connection) {
        connection->is_closing = !self->head.is_keep_alive;
        answer(connection, response);
    }
    act_http_request_free(self);
}

// The request is not one to give to the handler.
static void refuse(act_http_connection_t *self, uint16_t status)
{
    act_http_request_t *request = self->request;
    self->server->counts.refused_count++;
    self->is_closing = true;
    request->head.method = ACT_STR(""); // it may not have been parsed
    request->head.is_http_1_0 = false;
    answer(self, &(act_http_response_t){.status = status, .body = act_str(reason_of(status))});
    act_http_request_free(request);
}

void act_http_connection_on_timeout(act_http_connection_t *self)
{
    self->server->counts.timeouts_count += self->state != ACT_HTTP_IDLE;
    if (self->state == ACT_HTTP_READING && self->request)
        refuse(self, 408);
    else
        act_http_connection_kill(self);
}

// --- bytes ---------------------------------------------------------------------------------------

static void say_continue(act_http_connection_t *self)
{
    act_http_request_t *request = self->request;
    if (request->phase == ACT_HTTP_IN_HEAD || !request->head.expects_continue)
        return;
    request->head.expects_continue = false;
    act_http_connection_send(self, ACT_STR("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void hand_over(act_http_connection_t *self)
{
    act_http_connection_set_state(self, ACT_HTTP_ANSWERING);
    self->server->counts.requests_count++;
    ACT_CRASH_POINT("http.request.last_byte");
    self->server->handler(self->server->context, self->request);
}

static size_t take_request(act_http_connection_t *self, act_str_t bytes)
{
    if (self->state == ACT_HTTP_IDLE)
        act_http_connection_set_state(self, ACT_HTTP_READING);
    if (!self->request)
        self->request = act_http_request_new(self);
    if (bytes.len_bytes > ACT_HTTP_READ_MAX_BYTES)
        bytes.len_bytes = ACT_HTTP_READ_MAX_BYTES;
    uint16_t status = 0;
    size_t used_bytes = act_http_request_feed(self->request, bytes, &status);
    if (status == 0)
        say_continue(self);
    else if (status == ACT_HTTP_REQUEST_DONE)
        hand_over(self);
    else
        refuse(self, status);
    return used_bytes;
}

static size_t keep(act_http_connection_t *self, act_str_t bytes)
{
    act_buf_add_str(&self->waiting, bytes);
    if (self->waiting.is_overflowed)
        self->is_broken = true; // reading did not stop when told to
    if (self->waiting.len_bytes > WAITING_PAUSE_BYTES)
        act_http_connection_pause(self);
    return bytes.len_bytes;
}

static size_t drop(act_http_connection_t *self, act_str_t bytes)
{
    (void)self;
    return bytes.len_bytes;
}

static void take_bytes(act_http_connection_t *self, act_str_t bytes)
{
    static size_t (*const takers[])(act_http_connection_t *, act_str_t) = {
        [ACT_HTTP_READING] = take_request, [ACT_HTTP_IDLE] = take_request,
        [ACT_HTTP_ANSWERING] = keep,       [ACT_HTTP_FLUSHING] = keep,
        [ACT_HTTP_LINGERING] = drop,       [ACT_HTTP_STREAMING] = act_http_stream_take,
    };
    self->is_inside = true;
    while (bytes.len_bytes > 0 && !self->server->is_dead) {
        size_t used_bytes = takers[self->state](self, bytes);
        bytes = act_str_of(bytes.ptr + used_bytes, bytes.len_bytes - used_bytes);
    }
    self->is_inside = false;
}

static int verdict(const act_http_connection_t *self)
{
    return self->is_broken || self->server->is_dead ? -1 : 0;
}

int act_http_connection_on_bytes(act_http_connection_t *self, act_str_t bytes)
{
    if (self->waiting.len_bytes > 0)
        (void)keep(self, bytes); // on_writable comes and takes all in order
    else
        take_bytes(self, bytes);
    return verdict(self);
}

static bool can_take(const act_http_connection_t *self)
{
    return self->state == ACT_HTTP_IDLE || self->state == ACT_HTTP_READING ||
           (self->state == ACT_HTTP_STREAMING && self->stream &&
            !act_http_stream_is_busy(self->stream));
}

int act_http_connection_on_writable(act_http_connection_t *self)
{
    self->is_inside = true;
    if (self->state == ACT_HTTP_FLUSHING)
        settle(self);
    else if (self->state == ACT_HTTP_STREAMING)
        act_http_stream_on_writable(self);
    self->is_inside = false;
    bool is_free = can_take(self);
    if (is_free && self->waiting.len_bytes > 0) {
        act_buf_t waiting = self->waiting;
        act_buf_init(&self->waiting, waiting.max_bytes);
        take_bytes(self, act_buf_str(&waiting));
        act_buf_fini(&waiting);
    }
    if (can_take(self) && self->waiting.len_bytes == 0)
        act_http_connection_resume(self);
    return verdict(self);
}
