// A small HTTP/1.1 server: requests with a Content-Length on keep-alive connections.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // accept4, memmem
#endif

#include "graph_stub.h"

#include "load.h"

#include <arpa/inet.h>
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
#define RECIPIENT_MAX_BYTES 160
#define EVENTS_MAX 64
#define BACKLOG 256

typedef struct conn {
    LIST_ENTRY(conn) link;
    int fd;
    uint64_t number;
    bool is_waiting; // an answer waits for its time; what came after it is read later
    bool hangs_up;
    bool is_cut;
    int64_t due_us;
    size_t out_bytes;
    char out[REPLY_MAX_BYTES];
    size_t in_bytes;
    char in[REQUEST_MAX_BYTES];
} conn_t;

typedef LIST_HEAD(conn_list, conn) conn_list_t;

struct graph_stub {
    int epoll_fd;
    int listen_fd;
    graph_message_fn *on_message;
    void *context;
    uint64_t messages_count;
    uint64_t conns_count;
    uint32_t waiting_count;
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

// --- answers -------------------------------------------------------------------------------------

static void put_answer(conn_t *conn, const char *status, const char *body)
{
    int out_bytes = snprintf(conn->out, sizeof conn->out,
                             "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                             "Content-Length: %zu\r\n\r\n%s",
                             status, strlen(body), body);
    if (out_bytes < 0 || (size_t)out_bytes >= sizeof conn->out)
        abort(); // recipients are checked for their length
    conn->out_bytes = (size_t)out_bytes;
}

static void put_refusal(conn_t *conn, const graph_answer_t *answer)
{
    char status[32], body[256];
    (void)snprintf(status, sizeof status, "%d Refused", answer->refusal);
    (void)snprintf(body, sizeof body,
                   "{\"error\":{\"message\":\"(#%d) as the test wants\",\"code\":%d}}",
                   answer->code, answer->code);
    put_answer(conn, status, body);
}

static void put_acceptance(conn_t *conn, const graph_message_t *message)
{
    char body[REPLY_MAX_BYTES / 2];
    (void)snprintf(body, sizeof body,
                   "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":\"%.*s\","
                   "\"wa_id\":\"%.*s\"}],\"messages\":[{\"id\":\"%s\"}]}",
                   (int)message->to_bytes, message->to, (int)message->to_bytes, message->to,
                   message->wamid);
    put_answer(conn, "200 OK", body);
}

// The answer waits in the connection until it is due.
static bool take_message(graph_stub_t *self, conn_t *conn, view_t path, view_t body, view_t to)
{
    char wamid[GRAPH_WAMID_BYTES];
    view_t outbox_id = {NULL, 0};
    (void)find_text(body, "\"biz_opaque_callback_data\"", &outbox_id);
    if (to.len_bytes > RECIPIENT_MAX_BYTES)
        return false;
    (void)snprintf(wamid, sizeof wamid, "wamid.OUT%d.%" PRIu64, (int)getpid(),
                   ++self->messages_count);
    graph_message_t message = {.to = to.ptr,
                               .to_bytes = to.len_bytes,
                               .outbox_id = outbox_id.ptr,
                               .outbox_id_bytes = outbox_id.len_bytes,
                               .body = body.ptr,
                               .body_bytes = body.len_bytes,
                               .path = path.ptr,
                               .path_bytes = path.len_bytes,
                               .wamid = wamid,
                               .connection = conn->number};
    graph_answer_t answer = self->on_message(self->context, &message);
    if (answer.refusal != 0)
        put_refusal(conn, &answer);
    else if (answer.is_garbage)
        put_answer(conn, "200 OK", "{\"messages\":[{\"id\":\"wamid.\xff\xfe{{{");
    else
        put_acceptance(conn, &message);
    conn->hangs_up = answer.hangs_up;
    conn->is_cut = answer.is_cut;
    conn->due_us = answer.delay_us > 0 ? load_now_us() + answer.delay_us : 0;
    return true;
}

// Of the first line of a head: METHOD SP path SP version.
static view_t path_of(view_t head)
{
    const char *end = head.ptr + head.len_bytes;
    const char *from = memchr(head.ptr, ' ', head.len_bytes);
    const char *to = from == NULL ? NULL : memchr(from + 1, ' ', (size_t)(end - from - 1));
    return to == NULL ? (view_t){head.ptr, 0} : (view_t){from + 1, (size_t)(to - from - 1)};
}

static bool take_request(graph_stub_t *self, conn_t *conn, view_t head, view_t body)
{
    view_t to;
    conn->hangs_up = conn->is_cut = false;
    conn->due_us = 0;
    if (find_text(body, "\"to\"", &to) || find_text(body, "\"recipient\"", &to))
        return take_message(self, conn, path_of(head), body, to);
    self->marks_count++;
    put_answer(conn, "200 OK", "{\"success\":true}");
    return true;
}

// False: the connection is to be closed.
static bool give_answer(const conn_t *conn)
{
    // One small reply for one request: the socket's buffer always has room.
    if (conn->is_cut)
        (void)send(conn->fd, conn->out, conn->out_bytes * 2 / 3, MSG_NOSIGNAL);
    return !conn->hangs_up && !conn->is_cut &&
           send(conn->fd, conn->out, conn->out_bytes, MSG_NOSIGNAL) == (ssize_t)conn->out_bytes;
}

// --- connections ---------------------------------------------------------------------------------

static void conn_close(graph_stub_t *self, conn_t *conn)
{
    self->waiting_count -= conn->is_waiting;
    (void)close(conn->fd); // leaves the epoll set by itself
    LIST_REMOVE(conn, link);
    free(conn);
}

// A client that is gone may leave its connection before its answer is due.
static void conn_watch(graph_stub_t *self, conn_t *conn, int operation)
{
    struct epoll_event event = {.events = conn->is_waiting ? EPOLLRDHUP : EPOLLIN,
                                .data.ptr = conn};
    if (epoll_ctl(self->epoll_fd, operation, conn->fd, &event) != 0)
        abort();
}

static void conn_set_waiting(graph_stub_t *self, conn_t *conn, bool is_waiting)
{
    conn->is_waiting = is_waiting;
    self->waiting_count += is_waiting ? 1 : UINT32_MAX;
    conn_watch(self, conn, EPOLL_CTL_MOD);
}

// Takes the first request in the buffer, if it is complete and the one before it was answered. False:
// there is nothing to do now, or the connection is to be closed, then *ret_is_over.
static bool conn_take(graph_stub_t *self, conn_t *conn, bool *ret_is_over)
{
    const char *head_end = memmem(conn->in, conn->in_bytes, "\r\n\r\n", 4);
    if (conn->is_waiting)
        return false;
    if (head_end == NULL) {
        *ret_is_over = conn->in_bytes == sizeof conn->in;
        self->broken_count += *ret_is_over;
        return false;
    }
    size_t head_bytes = (size_t)(head_end + 4 - conn->in);
    long body_bytes = content_length((view_t){conn->in, head_bytes});
    bool is_broken = body_bytes < 0 || (size_t)body_bytes > sizeof conn->in - head_bytes;
    if (!is_broken && conn->in_bytes < head_bytes + (size_t)body_bytes)
        return false;
    if (is_broken || !take_request(self, conn, (view_t){conn->in, head_bytes},
                                   (view_t){conn->in + head_bytes, (size_t)body_bytes})) {
        self->broken_count++;
        *ret_is_over = true;
        return false;
    }
    conn->in_bytes -= head_bytes + (size_t)body_bytes;
    memmove(conn->in, conn->in + head_bytes + body_bytes, conn->in_bytes);
    if (conn->due_us > 0)
        conn_set_waiting(self, conn, true);
    else
        *ret_is_over = !give_answer(conn);
    return !*ret_is_over;
}

static void conn_go_on(graph_stub_t *self, conn_t *conn)
{
    bool is_over = false;
    while (conn_take(self, conn, &is_over))
        continue;
    if (is_over)
        conn_close(self, conn);
}

static void conn_ready(graph_stub_t *self, conn_t *conn)
{
    size_t room_bytes = sizeof conn->in - conn->in_bytes;
    ssize_t got_bytes = recv(conn->fd, conn->in + conn->in_bytes, room_bytes, 0);
    if (got_bytes < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got_bytes <= 0) {
        conn_close(self, conn);
        return;
    }
    conn->in_bytes += (size_t)got_bytes;
    conn_go_on(self, conn);
}

static void answer_due(graph_stub_t *self)
{
    int64_t now_us = load_now_us();
    conn_t *next;
    if (self->waiting_count == 0)
        return;
    for (conn_t *conn = LIST_FIRST(&self->conns); conn != NULL; conn = next) {
        next = LIST_NEXT(conn, link);
        if (!conn->is_waiting || conn->due_us > now_us)
            continue;
        conn_set_waiting(self, conn, false);
        if (give_answer(conn))
            conn_go_on(self, conn);
        else
            conn_close(self, conn);
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
        conn->number = ++self->conns_count;
        conn_watch(self, conn, EPOLL_CTL_ADD);
        LIST_INSERT_HEAD(&self->conns, conn, link);
    }
}

// --- life ----------------------------------------------------------------------------------------

static bool listen_on(graph_stub_t *self, const char *host, uint16_t port)
{
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (inet_pton(AF_INET, host ? host : "127.0.0.1", &address.sin_addr) != 1) {
        errno = EINVAL;
        return false;
    }
    self->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return self->listen_fd >= 0 &&
           setsockopt(self->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           bind(self->listen_fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
           listen(self->listen_fd, BACKLOG) == 0 &&
           epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->listen_fd, &event) == 0;
}

graph_stub_t *graph_stub_new(const char *host, uint16_t port, graph_message_fn *on_message,
                             void *context)
{
    graph_stub_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    LIST_INIT(&self->conns);
    self->on_message = on_message;
    self->context = context;
    self->listen_fd = -1;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll_fd < 0 || !listen_on(self, host, port)) {
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
        conn_close(self, LIST_FIRST(&self->conns));
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
    answer_due(self);
}

int64_t graph_stub_due_us(const graph_stub_t *self)
{
    int64_t due_us = INT64_MAX;
    const conn_t *conn;
    if (self->waiting_count == 0)
        return due_us;
    LIST_FOREACH(conn, &self->conns, link)
    {
        if (conn->is_waiting && conn->due_us < due_us)
            due_us = conn->due_us;
    }
    return due_us;
}

uint64_t graph_stub_marks_count(const graph_stub_t *self)
{
    return self->marks_count;
}

uint64_t graph_stub_broken_count(const graph_stub_t *self)
{
    return self->broken_count;
}
