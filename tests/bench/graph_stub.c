// A small HTTP/1.1 server: requests with a Content-Length on keep-alive connections.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // accept4, memmem
#endif

#include "graph_stub.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX_BYTES 65536
#define REPLY_MAX_BYTES 1024
#define EVENTS_MAX 64
#define BACKLOG 256

typedef struct conn {
    LIST_ENTRY(conn) link;
    int fd;
    size_t in_bytes;
    char in[REQUEST_MAX_BYTES];
} conn_t;

typedef LIST_HEAD(conn_list, conn) conn_list_t;

struct graph_stub {
    int epoll_fd;
    int listen_fd;
    graph_message_fn *on_message;
    void *context;
    uint64_t accepted_count;
    uint64_t marks_count;
    uint64_t broken_count;
    conn_list_t conns;
};

typedef struct {
    const char *ptr;
    size_t len_bytes;
} view_t;

// --- requests ------------------------------------------------------------------------------------

// The text value of a member with this quoted name, wherever it is. Inside a text the quotes of the
// name would be escaped, so only a name can match.
static bool find_text(view_t json, const char *name, view_t *ret_value)
{
    const char *end = json.ptr + json.len_bytes;
    const char *at = memmem(json.ptr, json.len_bytes, name, strlen(name));
    if (at == NULL)
        return false;
    at += strlen(name);
    while (at < end && (*at == ' ' || *at == ':'))
        at++;
    if (at == end || *at != '"')
        return false;
    const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));
    if (close == NULL)
        return false;
    *ret_value = (view_t){at + 1, (size_t)(close - at - 1)};
    return true;
}

// Bytes of the body that a head announces, or -1: we need a length.
static long content_length(view_t head)
{
    static const char name[] = "content-length:";
    const char *end = head.ptr + head.len_bytes;
    for (const char *line = head.ptr; line != NULL && line < end;) {
        if ((size_t)(end - line) > sizeof name && strncasecmp(line, name, sizeof name - 1) == 0)
            return strtol(line + sizeof name - 1, NULL, 10);
        const char *next = memchr(line, '\n', (size_t)(end - line));
        line = next == NULL ? NULL : next + 1;
    }
    return -1;
}

// --- replies -------------------------------------------------------------------------------------

static bool reply(const conn_t *conn, const char *body, size_t body_bytes)
{
    char out[REPLY_MAX_BYTES];
    int out_bytes = snprintf(out, sizeof out,
                             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             "Content-Length: %zu\r\n\r\n%.*s",
                             body_bytes, (int)body_bytes, body);
    // One small reply for one request: the socket's buffer always has room.
    return out_bytes < REPLY_MAX_BYTES &&
           send(conn->fd, out, (size_t)out_bytes, MSG_NOSIGNAL) == out_bytes;
}

static bool accept_message(graph_stub_t *self, const conn_t *conn, view_t body, view_t to)
{
    graph_message_t message = {to.ptr, to.len_bytes, body.ptr, body.len_bytes};
    char text[REPLY_MAX_BYTES / 2];
    self->on_message(self->context, &message);
    int bytes =
        snprintf(text, sizeof text,
                 "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":\"%.*s\","
                 "\"wa_id\":\"%.*s\"}],\"messages\":[{\"id\":\"wamid.BENCH%d.%" PRIu64 "\"}]}",
                 (int)to.len_bytes, to.ptr, (int)to.len_bytes, to.ptr, (int)getpid(),
                 ++self->accepted_count);
    return bytes < (int)sizeof text && reply(conn, text, (size_t)bytes);
}

static bool answer(graph_stub_t *self, const conn_t *conn, view_t body)
{
    static const char success[] = "{\"success\":true}";
    view_t to;
    if (find_text(body, "\"to\"", &to) || find_text(body, "\"recipient\"", &to))
        return accept_message(self, conn, body, to);
    self->marks_count++;
    return reply(conn, success, sizeof success - 1);
}

// --- connections ---------------------------------------------------------------------------------

static void conn_close(conn_t *conn)
{
    (void)close(conn->fd); // leaves the epoll set by itself
    LIST_REMOVE(conn, link);
    free(conn);
}

// Answers the first request in the buffer, if it is complete. False: there is none, or the connection
// is not usable any more, then *ret_is_broken.
static bool conn_take(graph_stub_t *self, conn_t *conn, bool *ret_is_broken)
{
    const char *head_end = memmem(conn->in, conn->in_bytes, "\r\n\r\n", 4);
    if (head_end == NULL) {
        *ret_is_broken = conn->in_bytes == sizeof conn->in;
        return false;
    }
    size_t head_bytes = (size_t)(head_end + 4 - conn->in);
    long body_bytes = content_length((view_t){conn->in, head_bytes});
    *ret_is_broken = body_bytes < 0 || (size_t)body_bytes > sizeof conn->in - head_bytes;
    if (*ret_is_broken || conn->in_bytes < head_bytes + (size_t)body_bytes)
        return false;
    *ret_is_broken = !answer(self, conn, (view_t){conn->in + head_bytes, (size_t)body_bytes});
    conn->in_bytes -= head_bytes + (size_t)body_bytes;
    memmove(conn->in, conn->in + head_bytes + body_bytes, conn->in_bytes);
    return !*ret_is_broken;
}

static void conn_ready(graph_stub_t *self, conn_t *conn)
{
    bool is_broken = false;
    size_t room_bytes = sizeof conn->in - conn->in_bytes;
    ssize_t got_bytes = recv(conn->fd, conn->in + conn->in_bytes, room_bytes, 0);
    if (got_bytes < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got_bytes <= 0) {
        conn_close(conn);
        return;
    }
    conn->in_bytes += (size_t)got_bytes;
    while (conn_take(self, conn, &is_broken))
        continue;
    if (is_broken) {
        self->broken_count++;
        conn_close(conn);
    }
}

static void accept_all(graph_stub_t *self)
{
    int fd;
    while ((fd = accept4(self->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int on = 1;
        conn_t *conn = calloc(1, sizeof *conn);
        if (conn == NULL)
            abort();
        conn->fd = fd;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
        if (epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
            abort();
        LIST_INSERT_HEAD(&self->conns, conn, link);
    }
}

// --- life ----------------------------------------------------------------------------------------

static bool listen_on(graph_stub_t *self, uint16_t port)
{
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    self->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return self->listen_fd >= 0 &&
           setsockopt(self->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           bind(self->listen_fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
           listen(self->listen_fd, BACKLOG) == 0 &&
           epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->listen_fd, &event) == 0;
}

graph_stub_t *graph_stub_new(uint16_t port, graph_message_fn *on_message, void *context)
{
    graph_stub_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    LIST_INIT(&self->conns);
    self->on_message = on_message;
    self->context = context;
    self->listen_fd = -1;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll_fd < 0 || !listen_on(self, port)) {
        int error = errno;
        graph_stub_destroy(&self);
        errno = error;
    }
    return self;
}

void graph_stub_destroy(graph_stub_t **self_p)
{
    graph_stub_t *self = *self_p;
    if (self == NULL)
        return;
    while (!LIST_EMPTY(&self->conns))
        conn_close(LIST_FIRST(&self->conns));
    if (self->listen_fd >= 0)
        (void)close(self->listen_fd);
    if (self->epoll_fd >= 0)
        (void)close(self->epoll_fd);
    free(self);
    *self_p = NULL;
}

int graph_stub_fd(const graph_stub_t *self)
{
    return self->epoll_fd;
}

void graph_stub_turn(graph_stub_t *self)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(self->epoll_fd, events, EVENTS_MAX, 0);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == NULL)
            accept_all(self);
        else
            conn_ready(self, events[i].data.ptr);
    }
}

uint64_t graph_stub_marks_count(const graph_stub_t *self)
{
    return self->marks_count;
}

uint64_t graph_stub_broken_count(const graph_stub_t *self)
{
    return self->broken_count;
}
