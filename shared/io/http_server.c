// http_server: accepts, hands the sockets to libwebsockets, and watches the deadlines.
//
// libwebsockets carries the connections as plain streams (its "raw" role); requests are read by our
// own parser. Its HTTP role was measured first (4.1.6): fast enough, 75,000 requests/s, but it
// takes bare LF and conflicting Content-Lengths, loses the field behind a folded one, knows no
// chunked bodies, and of 100 pipelined POSTs it answered 2.
#include "io/http_server_private.h"

#include "base/assert.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// New connections taken in one turn; others must get their turn as well.
#define ACCEPT_MAX_COUNT 64
// A client may be sending its next request just now: closing at once would fail it. Within this time a
// busy one hears "Connection: close" with its answer and goes by itself.
#define DRAIN_IDLE_MS 500
#define DRAIN_SWEEP_MS 20
// How long the peer may take to close after we did.
#define LINGER_TIMEOUT_MS 2000u
// Descriptors of a process that are not connections of this server.
#define OTHER_DESCRIPTORS_COUNT 2048u
// One lws_write may pass this many bytes to the kernel at once.
#define SEND_MAX_BYTES 65536u
// An answer is a response body on the bus at most, or a file of the console.
#define OUT_MAX_BYTES (64u << 20)
// Turns of the loop until libwebsockets has closed its connections, then its own handles.
#define REAP_TURNS_COUNT 4

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

// --- libwebsockets -------------------------------------------------------------------------------

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t len)
{
    (void)user;
    if (reason != LWS_CALLBACK_RAW_RX && reason != LWS_CALLBACK_RAW_WRITEABLE &&
        reason != LWS_CALLBACK_RAW_CLOSE)
        return 0;
    act_http_connection_t *connection = lws_get_opaque_user_data(wsi);
    if (!connection)
        return 0;
    if (reason == LWS_CALLBACK_RAW_RX)
        return act_http_connection_on_bytes(connection, act_str_of(in, len));
    if (reason == LWS_CALLBACK_RAW_WRITEABLE)
        return act_http_connection_on_writable(connection);
    lws_set_opaque_user_data(wsi, NULL);
    act_http_connection_on_closed(connection);
    return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = "http", .callback = on_lws, .tx_packet_size = SEND_MAX_BYTES},
    {.name = NULL},
};

static bool lws_start(act_http_server_t *self)
{
    void *loops[1] = {act_loop_uv(self->loop)};
    struct lws_context_creation_info info = {
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .foreign_loops = loops,
        .pcontext = &self->lws,
        .protocols = protocols,
        .pt_serv_buf_size = ACT_HTTP_READ_MAX_BYTES,
    };
    lws_set_log_level(0, NULL);
    self->lws = lws_create_context(&info);
    if (!self->lws)
        return false;
    self->vhost = lws_create_vhost(self->lws, &info);
    return self->vhost != NULL;
}

// libwebsockets makes a table with one row for each descriptor the process may ever have: 16 MB
// with a usual limit of a million. (Its own option for a smaller table makes every event a linear
// search.) So the limit is low while the table is made.
static bool lws_start_small(act_http_server_t *self)
{
    struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    struct rlimit small = limit;
    rlim_t enough = 2 * (rlim_t)self->limits.connections_max_count + OTHER_DESCRIPTORS_COUNT;
    if (small.rlim_cur == RLIM_INFINITY || small.rlim_cur > enough)
        small.rlim_cur = enough;
    self->descriptors_max = (int)small.rlim_cur;
    (void)setrlimit(RLIMIT_NOFILE, &small);
    bool is_started = lws_start(self);
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return is_started;
}

// --- accepting -----------------------------------------------------------------------------------

static bool may_accept(const act_http_server_t *self)
{
    return !self->is_dead && !self->is_draining && !self->is_short &&
           self->counts.connections_count < self->limits.connections_max_count;
}

static void watch_listener(act_http_server_t *self)
{
    if (self->listener)
        act_watch_set(self->listener, may_accept(self) ? UV_READABLE : 0);
}

static void adopt(act_http_server_t *self, int descriptor, const act_http_peer_address_t *peer)
{
    if (descriptor >= self->descriptors_max) {
        (void)close(descriptor);
        return;
    }
    const int on = 1;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    lws_sock_file_fd_type socket = {.sockfd = descriptor};
    struct lws *wsi = lws_adopt_descriptor_vhost(self->vhost, LWS_ADOPT_SOCKET, socket,
                                                 protocols[0].name, /* parent= */ NULL);
    if (!wsi)
        return; // libwebsockets has closed it
    lws_set_opaque_user_data(wsi, act_http_connection_new(self, wsi, peer));
    if (!act_timer_is_active(self->sweeper))
        act_timer_start(self->sweeper, self->sweep_ms, /* repeat_ms= */ 0);
}

static void on_listener(void *context, int status, int events)
{
    (void)status;
    (void)events;
    act_http_server_t *self = context;
    for (int count = 0; count < ACCEPT_MAX_COUNT && may_accept(self); count++) {
        act_http_peer_address_t peer = {.any.sa_family = AF_UNSPEC};
        socklen_t peer_bytes = sizeof peer;
        int descriptor =
            accept4(self->listen_descriptor, &peer.any, &peer_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0)
            adopt(self, descriptor, &peer);
        else if (errno == EAGAIN)
            break;
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            self->is_short = true;
        if (self->is_short)
            break;
    }
    watch_listener(self);
}

void act_http_server_connection_closed(act_http_server_t *self)
{
    watch_listener(self);
}

// --- deadlines -----------------------------------------------------------------------------------

static void sweep_list(act_http_server_t *self, act_http_state_t state)
{
    const act_http_list_t *list = &self->lists[state];
    int64_t late_ms = act_loop_now_ms(self->loop) - (int64_t)self->timeouts_ms[state];
    // Each one leaves the list: it is closed, or was told why and lingers.
    while (list->first && list->first->since_ms <= late_ms)
        act_http_connection_on_timeout(list->first);
}

// A connection that has not begun its first request is as good as idle; a stream has no end.
static void close_silent(act_http_server_t *self)
{
    while (self->lists[ACT_HTTP_STREAMING].first)
        act_http_connection_kill(self->lists[ACT_HTTP_STREAMING].first);
    act_http_connection_t *next = NULL;
    for (act_http_connection_t *at = self->lists[ACT_HTTP_READING].first; at; at = next) {
        next = at->next;
        if (!at->request)
            act_http_connection_kill(at);
    }
}

static void sweep(void *context)
{
    act_http_server_t *self = context;
    self->is_short = false;
    for (act_http_state_t state = 0; state < ACT_HTTP_STATES; state++) {
        if (state != ACT_HTTP_ANSWERING && state != ACT_HTTP_STREAMING)
            sweep_list(self, state);
    }
    if (self->is_draining && act_loop_now_ms(self->loop) >= self->drain_until_ms)
        close_silent(self);
    watch_listener(self);
    if (self->counts.connections_count > 0 || self->is_short)
        act_timer_start(self->sweeper, self->sweep_ms, /* repeat_ms= */ 0);
}

// Often enough to be at most a quarter late, seldom enough to cost nothing.
static uint32_t sweep_interval_ms(const act_http_server_limits_t *limits)
{
    uint32_t shortest_ms = LINGER_TIMEOUT_MS;
    if (limits->request_timeout_ms < shortest_ms)
        shortest_ms = limits->request_timeout_ms;
    if (limits->idle_timeout_ms < shortest_ms)
        shortest_ms = limits->idle_timeout_ms;
    return shortest_ms / 4 + 1;
}

// --- life ----------------------------------------------------------------------------------------

static void set_limits(act_http_server_t *self, const act_http_server_limits_t *limits)
{
    self->limits.body_max_bytes = or_default(limits->body_max_bytes, 1u << 20);
    self->limits.connections_max_count = or_default(limits->connections_max_count, 2048);
    self->limits.request_timeout_ms = or_default(limits->request_timeout_ms, 10000);
    self->limits.idle_timeout_ms = or_default(limits->idle_timeout_ms, 60000);
    self->timeouts_ms[ACT_HTTP_READING] = self->limits.request_timeout_ms;
    self->timeouts_ms[ACT_HTTP_IDLE] = self->limits.idle_timeout_ms;
    self->timeouts_ms[ACT_HTTP_FLUSHING] = self->limits.idle_timeout_ms;
    self->timeouts_ms[ACT_HTTP_LINGERING] = LINGER_TIMEOUT_MS;
    self->sweep_ms = sweep_interval_ms(&self->limits);
}

act_err_t act_http_server_new(act_loop_t *loop, int listen_descriptor,
                              const act_http_server_limits_t *limits, act_http_handler_fn *handler,
                              void *context, act_http_server_t **ret_server)
{
    ACT_AUTO(act_http_server) *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->listen_descriptor = listen_descriptor;
    self->handler = handler;
    self->context = context;
    set_limits(self, limits);
    act_buf_init(&self->out, OUT_MAX_BYTES);
    if (!lws_start_small(self))
        return ACT_E_CONFIG;
    self->sweeper = act_timer_new(loop, sweep, self);
    self->listener = act_watch_new(loop, listen_descriptor, on_listener, self);
    act_watch_set(self->listener, UV_READABLE);
    *ret_server = act_take(&self);
    return ACT_E_OK;
}

void act_http_server_release(act_http_server_t *self)
{
    if (!self->is_reaped || self->open_requests_count > 0)
        return;
    act_buf_fini(&self->out);
    act_free(self);
}

static void on_reaper_closed(uv_handle_t *handle);

static void turn(act_http_server_t *self)
{
    act_assert(uv_idle_init(act_loop_uv(self->loop), &self->reaper) == 0);
    self->reaper.data = self;
    uv_close((uv_handle_t *)&self->reaper, on_reaper_closed);
}

// libwebsockets needs turns of the loop: its handles close asynchronously, and only when they are
// gone may the context be freed, by a second call (which may have happened already: then self->lws
// is NULL). A handle that is closed again and again runs once a turn, outside of any callback of
// libwebsockets, and keeps act_loop_destroy waiting.
static void on_reaper_closed(uv_handle_t *handle)
{
    act_http_server_t *self = handle->data;
    if (self->reaper_turns++ % REAP_TURNS_COUNT == 0 && self->lws)
        lws_context_destroy(self->lws);
    if (self->reaper_turns <= REAP_TURNS_COUNT) {
        turn(self);
        return;
    }
    act_assert(!self->lws);
    self->is_reaped = true;
    act_http_server_release(self);
}

void act_http_server_destroy(act_http_server_t **self_p)
{
    if (!*self_p)
        return;
    act_http_server_t *self = act_take(self_p);
    self->is_dead = true;
    act_watch_destroy(&self->listener);
    act_timer_destroy(&self->sweeper);
    act_http_request_destroy_spare(self);
    turn(self);
}

void act_http_server_drain(act_http_server_t *self)
{
    self->is_draining = true;
    self->timeouts_ms[ACT_HTTP_IDLE] = DRAIN_IDLE_MS;
    self->drain_until_ms = act_loop_now_ms(self->loop) + DRAIN_IDLE_MS;
    self->sweep_ms = DRAIN_SWEEP_MS;
    watch_listener(self);
    act_timer_start(self->sweeper, DRAIN_IDLE_MS, /* repeat_ms= */ 0);
}

act_http_server_counts_t act_http_server_counts(const act_http_server_t *self)
{
    return self->counts;
}
