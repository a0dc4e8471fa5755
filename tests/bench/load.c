// HTTP/1.1 load over keep-alive connections. Each connection is on the list of its state,
// conn_set_state is the only function that moves it, and lists are in the order of arrival: so the
// head of a list is the connection that has been in its state longest, which is all that time
// limits need.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // epoll_pwait2
#endif

#include "load.h"

#include "http_reply.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 4096
#define REQUEST_DEFAULT_BYTES 16384
#define REPLY_MAX_BYTES 16384
#define TIMEOUT_DEFAULT_MS 10000
#define OPEN_INTERVAL_DEFAULT_US 1000
#define REOPEN_AFTER_US 100000
#define WAIT_MAX_US 100000
#define EVENTS_MAX 64

typedef enum {
    CONN_DOWN,    // no socket; opened again at open_at_us
    CONN_OPENING, // connect is under way
    CONN_IDLE,
    CONN_BUSY, // a request is on it
    CONN_DONE, // the reply waits for load_take_reply; the socket may be gone already
    CONN_STATES,
} conn_state_t;

typedef struct conn {
    TAILQ_ENTRY(conn) link;
    conn_state_t state;
    int fd; // -1 for none
    int64_t since_us;
    int64_t open_at_us;
    load_reply_t reply; // tag and due_us are set when the request leaves
    bool wants_write;
    size_t out_bytes;
    size_t out_sent_bytes;
    size_t in_bytes;
    char *out;
    char in[REPLY_MAX_BYTES];
} conn_t;

typedef TAILQ_HEAD(conn_list, conn) conn_list_t;

struct load {
    int epoll_fd;
    int64_t now_us; // read once a turn
    int64_t timeout_us;
    size_t request_max_bytes;
    struct sockaddr_storage address;
    socklen_t address_bytes;
    char host[256]; // with the port, as the Host header wants it
    char path[1024];
    uint64_t connect_errors_count;
    int connect_error;
    uint32_t conns_count;
    uint32_t counts[CONN_STATES];
    conn_list_t lists[CONN_STATES];
    conn_t *conns;
    char *out_memory; // the out buffers of all connections
};

int64_t load_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void conn_set_state(load_t *self, conn_t *conn, conn_state_t state)
{
    TAILQ_REMOVE(&self->lists[conn->state], conn, link);
    self->counts[conn->state]--;
    conn->state = state;
    conn->since_us = self->now_us;
    TAILQ_INSERT_TAIL(&self->lists[state], conn, link);
    self->counts[state]++;
}

static void conn_watch(load_t *self, conn_t *conn, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = conn};
    if (epoll_ctl(self->epoll_fd, operation, conn->fd, &event) != 0)
        abort();
    conn->wants_write = (events & EPOLLOUT) != 0;
}

static void conn_close(conn_t *conn)
{
    if (conn->fd >= 0)
        (void)close(conn->fd); // leaves the epoll set by itself
    conn->fd = -1;
}

static void conn_go_down(load_t *self, conn_t *conn, int64_t reopen_after_us)
{
    conn_close(conn);
    conn->open_at_us = self->now_us + reopen_after_us;
    conn_set_state(self, conn, CONN_DOWN);
}

static void conn_open_failed(load_t *self, conn_t *conn, int error)
{
    self->connect_errors_count++;
    self->connect_error = error;
    conn_go_down(self, conn, REOPEN_AFTER_US);
}

static void conn_open(load_t *self, conn_t *conn)
{
    int family = self->address.ss_family;
    conn->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0) {
        conn_open_failed(self, conn, errno);
        return;
    }
    int on = 1;
    (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const struct sockaddr *address = (const struct sockaddr *)&self->address;
    if (connect(conn->fd, address, self->address_bytes) != 0 && errno != EINPROGRESS) {
        conn_open_failed(self, conn, errno);
        return;
    }
    conn_watch(self, conn, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
    conn_set_state(self, conn, CONN_OPENING);
}

static void conn_finish(load_t *self, conn_t *conn, int status, int error)
{
    conn->reply.status = status;
    conn->reply.error = error;
    conn->reply.ended_us = load_now_us();
    conn_set_state(self, conn, CONN_DONE);
}

static void conn_fail(load_t *self, conn_t *conn, int error)
{
    conn_close(conn);
    conn_finish(self, conn, /* status= */ 0, error);
}

static void conn_write(load_t *self, conn_t *conn)
{
    size_t left_bytes = conn->out_bytes - conn->out_sent_bytes;
    ssize_t sent_bytes = send(conn->fd, conn->out + conn->out_sent_bytes, left_bytes, MSG_NOSIGNAL);
    if (sent_bytes < 0 && errno != EAGAIN && errno != EINTR) {
        conn_fail(self, conn, errno);
        return;
    }
    if (sent_bytes > 0)
        conn->out_sent_bytes += (size_t)sent_bytes;
    bool wants_write = conn->out_sent_bytes < conn->out_bytes;
    if (wants_write != conn->wants_write)
        conn_watch(self, conn, EPOLL_CTL_MOD, wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void conn_scan(load_t *self, conn_t *conn, bool is_closed)
{
    http_reply_t reply;
    switch (http_reply_scan(conn->in, conn->in_bytes, is_closed, &reply)) {
    case HTTP_REPLY_COMPLETE:
        if (!reply.keeps_alive)
            conn_close(conn);
        conn_finish(self, conn, reply.status, /* error= */ 0);
        break;
    case HTTP_REPLY_PARTIAL:
        if (is_closed)
            conn_fail(self, conn, ECONNRESET);
        else if (conn->in_bytes == sizeof conn->in)
            conn_fail(self, conn, EMSGSIZE);
        break;
    case HTTP_REPLY_BROKEN:
        conn_fail(self, conn, EPROTO);
        break;
    }
}

static void conn_read(load_t *self, conn_t *conn)
{
    size_t room_bytes = sizeof conn->in - conn->in_bytes;
    ssize_t got_bytes = recv(conn->fd, conn->in + conn->in_bytes, room_bytes, 0);
    if (got_bytes < 0) {
        if (errno != EAGAIN && errno != EINTR)
            conn_fail(self, conn, errno);
        return;
    }
    conn->in_bytes += (size_t)got_bytes;
    conn_scan(self, conn, /* is_closed= */ got_bytes == 0);
}

static void down_ready(load_t *self, conn_t *conn, uint32_t events)
{
    (void)self, (void)conn, (void)events;
    abort(); // it has no socket
}

static void opening_ready(load_t *self, conn_t *conn, uint32_t events)
{
    (void)events;
    int error = 0;
    socklen_t error_bytes = sizeof error;
    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes) != 0)
        error = errno;
    if (error != 0) {
        conn_open_failed(self, conn, error);
        return;
    }
    conn_watch(self, conn, EPOLL_CTL_MOD, EPOLLIN);
    conn_set_state(self, conn, CONN_IDLE);
}

// Nothing may come on an idle connection but its end.
static void idle_ready(load_t *self, conn_t *conn, uint32_t events)
{
    (void)events;
    conn_go_down(self, conn, /* reopen_after_us= */ 0);
}

static void busy_ready(load_t *self, conn_t *conn, uint32_t events)
{
    if ((events & EPOLLOUT) != 0)
        conn_write(self, conn);
    if (conn->state == CONN_BUSY && (events & ~(uint32_t)EPOLLOUT) != 0)
        conn_read(self, conn);
}

static void done_ready(load_t *self, conn_t *conn, uint32_t events)
{
    (void)self, (void)events;
    conn_close(conn);
}

typedef void(ready_fn)(load_t *self, conn_t *conn, uint32_t events);

static ready_fn *const ready_by_state[CONN_STATES] = {
    [CONN_DOWN] = down_ready, [CONN_OPENING] = opening_ready, [CONN_IDLE] = idle_ready,
    [CONN_BUSY] = busy_ready, [CONN_DONE] = done_ready,
};

// Splits "http://HOST[:PORT][/PATH]" into host, port and path. False when it is something else.
static bool load_read_url(load_t *self, const char *url, char *ret_host, char *ret_port)
{
    int used = 0;
    (void)snprintf(ret_port, 6, "80");
    if (sscanf(url, "http://%247[^:/]%n", ret_host, &used) != 1)
        return false;
    url += used;
    if (*url == ':') {
        used = 0;
        if (sscanf(url, ":%5[0-9]%n", ret_port, &used) != 1 || atoi(ret_port) > UINT16_MAX)
            return false;
        url += used;
    }
    if (*url != '\0' && *url != '/')
        return false;
    (void)snprintf(self->host, sizeof self->host, "%s:%s", ret_host, ret_port);
    int path_bytes = snprintf(self->path, sizeof self->path, "%s", *url == '\0' ? "/" : url);
    return path_bytes > 0 && (size_t)path_bytes < sizeof self->path;
}

static bool load_resolve(load_t *self, const char *host, const char *port)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    memcpy(&self->address, found->ai_addr, found->ai_addrlen);
    self->address_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool load_find_server(load_t *self, const char *url)
{
    char host[248];
    char port[6];
    if (!load_read_url(self, url, host, port)) {
        errno = EINVAL;
        return false;
    }
    if (!load_resolve(self, host, port)) {
        errno = EADDRNOTAVAIL;
        return false;
    }
    return true;
}

static void load_make_conns(load_t *self, int64_t open_interval_us)
{
    self->conns = calloc(self->conns_count, sizeof *self->conns);
    self->out_memory = calloc(self->conns_count, self->request_max_bytes);
    if (self->conns == NULL || self->out_memory == NULL)
        abort();
    for (uint32_t i = 0; i < self->conns_count; i++) {
        conn_t *conn = &self->conns[i];
        conn->state = CONN_DOWN;
        conn->fd = -1;
        conn->out = self->out_memory + (size_t)i * self->request_max_bytes;
        conn->open_at_us = self->now_us + (int64_t)i * open_interval_us;
        TAILQ_INSERT_TAIL(&self->lists[CONN_DOWN], conn, link);
        self->counts[CONN_DOWN]++;
    }
}

load_t *load_new(const load_options_t *options)
{
    if (options->connections_count == 0 || options->connections_count > CONNECTIONS_MAX) {
        errno = EINVAL;
        return NULL;
    }
    load_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    for (size_t i = 0; i < CONN_STATES; i++)
        TAILQ_INIT(&self->lists[i]);
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll_fd < 0 || !load_find_server(self, options->url)) {
        load_destroy(&self);
        return NULL;
    }
    self->now_us = load_now_us();
    self->timeout_us = 1000 * (options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_DEFAULT_MS);
    self->request_max_bytes =
        options->request_max_bytes > 0 ? options->request_max_bytes : REQUEST_DEFAULT_BYTES;
    self->conns_count = options->connections_count;
    load_make_conns(self, options->open_interval_us > 0 ? options->open_interval_us
                                                        : OPEN_INTERVAL_DEFAULT_US);
    return self;
}

void load_destroy(load_t **self_p)
{
    load_t *self = *self_p;
    if (self == NULL)
        return;
    int error = errno; // load_new reports what went wrong before
    for (uint32_t i = 0; i < self->conns_count; i++)
        conn_close(&self->conns[i]);
    if (self->epoll_fd >= 0)
        (void)close(self->epoll_fd);
    free(self->conns);
    free(self->out_memory);
    free(self);
    *self_p = NULL;
    errno = error;
}

uint32_t load_idle_count(const load_t *self)
{
    return self->counts[CONN_IDLE];
}

uint32_t load_busy_count(const load_t *self)
{
    return self->counts[CONN_BUSY] + self->counts[CONN_DONE];
}

uint64_t load_connect_errors_count(const load_t *self)
{
    return self->connect_errors_count;
}

int load_connect_error(const load_t *self)
{
    return self->connect_error;
}

int load_fd(const load_t *self)
{
    return self->epoll_fd;
}

// The bytes of the request in the buffer, or 0 when it has no room for them.
static size_t conn_put_request(load_t *self, conn_t *conn, const load_request_t *request)
{
    int head = snprintf(conn->out, self->request_max_bytes,
                        "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %zu\r\n\r\n",
                        request->method != NULL ? request->method : "POST",
                        request->path != NULL ? request->path : self->path, self->host,
                        request->headers != NULL ? request->headers : "", request->body_bytes);
    if (head < 0 || (size_t)head >= self->request_max_bytes)
        return 0;
    size_t head_bytes = (size_t)head;
    if (request->body_bytes > self->request_max_bytes - head_bytes)
        return 0;
    if (request->body_bytes > 0)
        memcpy(conn->out + head_bytes, request->body, request->body_bytes);
    return head_bytes + request->body_bytes;
}

int load_send(load_t *self, const load_request_t *request)
{
    conn_t *conn = TAILQ_FIRST(&self->lists[CONN_IDLE]);
    if (conn == NULL)
        return -EAGAIN;
    conn->out_bytes = conn_put_request(self, conn, request);
    if (conn->out_bytes == 0)
        return -EMSGSIZE;
    self->now_us = load_now_us();
    conn->out_sent_bytes = 0;
    conn->in_bytes = 0;
    conn->reply.tag = request->tag;
    conn->reply.due_us = request->due_us != 0 ? request->due_us : self->now_us;
    conn->reply.sent_us = self->now_us;
    conn_set_state(self, conn, CONN_BUSY);
    conn_write(self, conn);
    return 0;
}

static void load_open_due(load_t *self)
{
    conn_t *conn;
    conn_t *next;
    for (conn = TAILQ_FIRST(&self->lists[CONN_DOWN]); conn != NULL; conn = next) {
        next = TAILQ_NEXT(conn, link);
        if (conn->open_at_us <= self->now_us)
            conn_open(self, conn);
    }
}

static void load_expire(load_t *self)
{
    int64_t oldest_us = self->now_us - self->timeout_us;
    conn_t *conn;
    while ((conn = TAILQ_FIRST(&self->lists[CONN_OPENING])) != NULL && conn->since_us < oldest_us)
        conn_open_failed(self, conn, ETIMEDOUT);
    while ((conn = TAILQ_FIRST(&self->lists[CONN_BUSY])) != NULL && conn->since_us < oldest_us)
        conn_fail(self, conn, ETIMEDOUT);
}

// When to look again though no socket is ready. Time limits are far coarser than WAIT_MAX_US.
static int64_t load_wake_us(const load_t *self, int64_t until_us)
{
    int64_t wake_us = self->now_us + WAIT_MAX_US;
    const conn_t *conn;
    TAILQ_FOREACH(conn, &self->lists[CONN_DOWN], link)
    {
        if (conn->open_at_us < wake_us)
            wake_us = conn->open_at_us;
    }
    return until_us < wake_us ? until_us : wake_us;
}

static int load_poll(load_t *self, struct epoll_event *events, int64_t wait_us)
{
    if (wait_us < 0 || self->counts[CONN_DONE] > 0)
        wait_us = 0;
    struct timespec timeout = {.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
    int count = epoll_pwait2(self->epoll_fd, events, EVENTS_MAX, &timeout, NULL);
    if (count < 0 && errno == ENOSYS) // before Linux 5.11; rounded down: never late
        count = epoll_wait(self->epoll_fd, events, EVENTS_MAX, (int)(wait_us / 1000));
    return count;
}

void load_wait(load_t *self, int64_t until_us)
{
    struct epoll_event events[EVENTS_MAX];
    self->now_us = load_now_us();
    load_open_due(self);
    int count = load_poll(self, events, load_wake_us(self, until_us) - self->now_us);
    self->now_us = load_now_us();
    for (int i = 0; i < count; i++) {
        conn_t *conn = events[i].data.ptr;
        ready_by_state[conn->state](self, conn, events[i].events);
    }
    load_expire(self);
}

bool load_take_reply(load_t *self, load_reply_t *ret_reply)
{
    conn_t *conn = TAILQ_FIRST(&self->lists[CONN_DONE]);
    if (conn == NULL)
        return false;
    *ret_reply = conn->reply;
    if (conn->fd >= 0)
        conn_set_state(self, conn, CONN_IDLE);
    else
        conn_go_down(self, conn, conn->reply.status != 0 ? 0 : REOPEN_AFTER_US);
    return true;
}
