// http_client_curl: curl's multi interface on the loop. curl says which sockets and which timer it
// wants watched; we say what happened. Sockets of kept connections stay watched while they are idle:
// an idle HTTP/1.1 connection that becomes readable is over, and curl 7.88 does not see that for TLS,
// would send into it and then not know if the request arrived.
#include "io/http_client_private.h"

#include "base/assert.h"
#include "io/http_address.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Firewalls forget silent connections; shorter than the usual minutes.
#define IDLE_CONNECTION_MAX_S 60L
#define KEEPALIVE_S 30L

typedef struct {
    act_http_curl_t *curl;
    act_watch_t *watch;
    int descriptor;
    bool is_connection; // not one of curl's own helpers, such as the resolver's
    bool is_idle;       // a connection that no transfer uses
} socket_t;

struct act_http_curl {
    act_http_client_t *client;
    act_loop_t *loop;
    CURLM *multi;
    act_timer_t *timer;
    CURL **spare_easies; // room for as many as may run at once
    uint32_t spare_easies_count;
    uint32_t easies_max_count;
    socket_t **sockets; // by descriptor
    int sockets_count;
    uint32_t response_max_bytes;
    bool allow_private_addresses;
};

// --- transfers that ended ------------------------------------------------------------------------

static void collect(act_http_curl_t *self)
{
    int left_count = 0;
    const CURLMsg *message = NULL;
    while (!act_http_client_is_dead(self->client) &&
           (message = curl_multi_info_read(self->multi, &left_count))) {
        char *transfer = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        act_http_client_on_end((act_http_transfer_t *)(void *)transfer, code);
    }
}

// Tells curl what happened, and the client what came of it.
static void act(act_http_curl_t *self, curl_socket_t descriptor, int events)
{
    int running_count = 0;
    act_http_client_enter(self->client);
    (void)curl_multi_socket_action(self->multi, descriptor, events, &running_count);
    collect(self);
    (void)act_http_client_leave(self->client);
}

static void on_timer(void *context)
{
    act(context, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    act_http_curl_t *self = context;
    if (timeout_ms < 0)
        act_timer_stop(self->timer);
    else
        act_timer_start(self->timer, timeout_ms, /* repeat_ms= */ 0);
    return 0;
}

// --- sockets -------------------------------------------------------------------------------------

static socket_t *socket_at(act_http_curl_t *self, int descriptor)
{
    if (descriptor >= self->sockets_count) {
        int count = (descriptor + 1) * 2;
        self->sockets = act_realloc(self->sockets, (size_t)count * sizeof(socket_t *));
        memset(self->sockets + self->sockets_count, 0,
               (size_t)(count - self->sockets_count) * sizeof(socket_t *));
        self->sockets_count = count;
    }
    if (!self->sockets[descriptor]) {
        self->sockets[descriptor] = act_alloc(sizeof(socket_t));
        *self->sockets[descriptor] = (socket_t){.curl = self, .descriptor = descriptor};
    }
    return self->sockets[descriptor];
}

static void forget_socket(act_http_curl_t *self, int descriptor)
{
    if (descriptor >= self->sockets_count || !self->sockets[descriptor])
        return;
    act_watch_destroy(&self->sockets[descriptor]->watch);
    act_free(self->sockets[descriptor]);
    self->sockets[descriptor] = NULL;
}

// Makes it so plainly dead that every curl sees it when it looks for a connection to reuse: emptied
// first, because what is unread hides the end.
static void end_idle(socket_t *socket)
{
    char unread[4096];
    for (int reads = 0; reads < 16; reads++) {
        if (recv(socket->descriptor, unread, sizeof unread, MSG_DONTWAIT) <= 0)
            break;
    }
    (void)shutdown(socket->descriptor, SHUT_RDWR);
    act_watch_set(socket->watch, 0);
}

static void on_ready(void *context, int status, int events)
{
    socket_t *socket = context;
    if (socket->is_idle) {
        end_idle(socket);
        return;
    }
    int happened = status < 0 ? CURL_CSELECT_ERR : 0;
    if (events & UV_READABLE)
        happened |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        happened |= CURL_CSELECT_OUT;
    act(socket->curl, socket->descriptor, happened);
}

static int on_curl_socket(CURL *easy, curl_socket_t descriptor, int what, void *context, void *unused)
{
    (void)easy;
    (void)unused;
    act_http_curl_t *self = context;
    socket_t *socket = socket_at(self, descriptor);
    if (what == CURL_POLL_REMOVE && !(socket->is_connection && socket->watch)) {
        forget_socket(self, descriptor);
        return 0;
    }
    if (!socket->watch)
        socket->watch = act_watch_new(self->loop, descriptor, on_ready, socket);
    socket->is_idle = what == CURL_POLL_REMOVE;
    int events = what & CURL_POLL_IN || socket->is_idle ? UV_READABLE : 0;
    if (what & CURL_POLL_OUT && !socket->is_idle)
        events |= UV_WRITABLE;
    act_watch_set(socket->watch, events);
    return 0;
}

static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    act_http_transfer_t *transfer = context;
    CURL *easy = transfer->easy;
    act_http_curl_t *self = NULL;
    (void)easy;
    (void)self;
    (void)address;
    return CURL_SOCKET_BAD;
}
