// http_client_curl: curl's multi interface on the loop. curl says which sockets and which timer it
// wants watched; we say what happened. Sockets of kept connections stay watched while they are
// idle: an idle HTTP/1.1 connection that becomes readable is over, and curl 7.88 does not see that
// for TLS, would send into it and then not know if the request arrived.
#include "io/http_client_private.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/time.h"
#include "io/http_address.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
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
    uint32_t buffer_bytes;
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
static void tell_curl(act_http_curl_t *self, curl_socket_t descriptor, int events)
{
    int running_count = 0;
    act_http_client_enter(self->client);
    (void)curl_multi_socket_action(self->multi, descriptor, events, &running_count);
    act_http_client_flush(self->client);
    collect(self);
    (void)act_http_client_leave(self->client);
}

static void on_timer(void *context)
{
    tell_curl(context, CURL_SOCKET_TIMEOUT, 0);
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
    tell_curl(socket->curl, socket->descriptor, happened);
}

static int on_curl_socket(CURL *easy, curl_socket_t descriptor, int what, void *context,
                          void *unused)
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
    if (what == CURL_POLL_IN && socket->is_connection)
        ACT_CRASH_POINT("http.send.last_byte");
    int events = what & CURL_POLL_IN || socket->is_idle ? UV_READABLE : 0;
    if (what & CURL_POLL_OUT && !socket->is_idle)
        events |= UV_WRITABLE;
    act_watch_set(socket->watch, events);
    return 0;
}

static curl_socket_t on_open_socket(void *context, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    (void)purpose;
    act_http_transfer_t *transfer = context;
    act_http_curl_t *self = transfer->curl;
    // The address itself, after all names and spellings are resolved: nothing can change it any
    // more.
    if (!self->allow_private_addresses && !act_http_address_is_public(&address->addr)) {
        transfer->is_forbidden = true;
        return CURL_SOCKET_BAD;
    }
    int descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (descriptor < 0)
        return CURL_SOCKET_BAD;
    forget_socket(self, descriptor);
    socket_at(self, descriptor)->is_connection = true;
    return descriptor;
}

// What a request that was given up left in the kernel would go out later, when the network is back, and
// nobody would expect it any more.
static void drop_unsent(int descriptor)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    int unsent_bytes = 0;
    if (ioctl(descriptor, SIOCOUTQ, &unsent_bytes) == 0 && unsent_bytes > 0)
        (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static int on_close_socket(void *context, curl_socket_t descriptor)
{
    act_http_curl_t *self = context;
    forget_socket(self, descriptor);
    drop_unsent(descriptor);
    return close(descriptor);
}

// --- transfers -----------------------------------------------------------------------------------

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    act_http_transfer_t *transfer = context;
    size_t len_bytes = size * count;
    act_buf_add(&transfer->response, bytes, len_bytes);
    transfer->is_too_large = transfer->response.is_overflowed;
    if (transfer->is_too_large)
        return CURL_WRITEFUNC_ERROR;
    act_http_client_on_bytes(transfer);
    return len_bytes;
}

// One line of a head; interim answers (100) have heads of their own.
static size_t on_head_line(char *bytes, size_t size, size_t count, void *context)
{
    act_http_transfer_t *transfer = context;
    act_str_t line = act_str_of(bytes, size * count);
    if (act_str_starts_with(line, "HTTP/")) {
        ACT_CRASH_POINT("http.answer.first_byte");
        transfer->is_head_whole = false;
        act_buf_reset(&transfer->head);
    } else if (act_str_is(line, "\r\n") || act_str_is(line, "\n")) {
        transfer->is_head_whole = true;
    } else if (transfer->keeps_head) {
        act_buf_add_str(&transfer->head, line);
    }
    return line.len_bytes;
}

// Connected, and about to send. curl would send a second time by itself when a reused connection
// ends without an answer; whether the first time had an effect nobody knows, so that is the
// caller's to decide.
static int on_about_to_send(void *context, char *peer, char *local, int peer_port, int local_port)
{
    (void)peer;
    (void)local;
    (void)peer_port;
    (void)local_port;
    act_http_transfer_t *transfer = context;
    bool is_repeatable =
        strcmp(transfer->method, "GET") == 0 || strcmp(transfer->method, "HEAD") == 0;
    if (transfer->attempts_count > 0 && !is_repeatable)
        return CURL_PREREQFUNC_ABORT;
    ACT_CRASH_POINT("http.send.first_byte");
    // A process that was stopped meanwhile looks at no timer first.
    if (act_time_mono_ms() > transfer->deadline_ms)
        return CURL_PREREQFUNC_ABORT;
    transfer->attempts_count++;
    return CURL_PREREQFUNC_OK;
}

static void set_lasting_options(act_http_curl_t *self, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // Else giving up on a slow name server would wait for it.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); // none from the environment either
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "parley");
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_S);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_MAX_S);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)self->response_max_bytes);
    if (self->buffer_bytes > 0) { // curl raises what is too small
        curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)self->buffer_bytes);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)self->buffer_bytes);
    }
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, self); // outlives the transfer that opened it
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head_line);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_about_to_send);
}

static void set_method(CURL *easy, const act_http_transfer_t *transfer)
{
    const char *method = transfer->method;
    bool is_post = strcmp(method, "POST") == 0;
    bool takes_body = is_post || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L); // and so not what it was before
    if (takes_body || !act_str_empty(transfer->body)) {
        const char *body = transfer->body.ptr ? transfer->body.ptr : "";
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body.len_bytes);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    } else if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static CURL *take_easy(act_http_curl_t *self)
{
    if (self->spare_easies_count > 0)
        return self->spare_easies[--self->spare_easies_count];
    CURL *easy = curl_easy_init();
    if (easy)
        set_lasting_options(self, easy);
    return easy;
}

static void give_easy(act_http_curl_t *self, CURL *easy)
{
    if (self->spare_easies_count == self->easies_max_count)
        curl_easy_cleanup(easy);
    else
        self->spare_easies[self->spare_easies_count++] = easy;
}

bool act_http_curl_start(act_http_curl_t *self, act_http_transfer_t *transfer, int64_t timeout_ms)
{
    CURL *easy = take_easy(self);
    if (!easy)
        return false;
    transfer->curl = self;
    transfer->easy = easy;
    transfer->text[0] = '\0';
    curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
    set_method(easy, transfer);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->text);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    if (curl_multi_add_handle(self->multi, easy) == CURLM_OK)
        return true;
    transfer->easy = NULL;
    give_easy(self, easy);
    return false;
}

void act_http_curl_stop(act_http_curl_t *self, act_http_transfer_t *transfer)
{
    CURL *easy = transfer->easy;
    transfer->easy = NULL;
    (void)curl_multi_remove_handle(self->multi, easy);
    // Nothing of the transfer stays behind in the handle.
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
    give_easy(self, easy);
}

// --- life ----------------------------------------------------------------------------------------

act_http_curl_t *act_http_curl_new(act_http_client_t *client, act_loop_t *loop,
                                   const act_http_client_limits_t *limits)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return NULL;
    act_http_curl_t *self = act_alloc(sizeof *self);
    self->client = client;
    self->loop = loop;
    self->response_max_bytes = limits->response_max_bytes;
    self->buffer_bytes = limits->buffer_bytes;
    self->allow_private_addresses = limits->allow_private_addresses;
    self->easies_max_count = limits->connections_max_count;
    self->spare_easies = act_alloc_array(self->easies_max_count, sizeof(CURL *));
    self->timer = act_timer_new(loop, on_timer, self);
    self->multi = curl_multi_init();
    act_assert(self->multi); // only without memory
    curl_multi_setopt(self->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(self->multi, CURLMOPT_SOCKETDATA, self);
    curl_multi_setopt(self->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(self->multi, CURLMOPT_TIMERDATA, self);
    curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)limits->connections_max_count);
    return self;
}

void act_http_curl_destroy(act_http_curl_t **self_p)
{
    if (!*self_p)
        return;
    act_http_curl_t *self = *self_p;
    while (self->spare_easies_count > 0)
        curl_easy_cleanup(self->spare_easies[--self->spare_easies_count]);
    (void)curl_multi_cleanup(self->multi); // closes the kept connections
    for (int descriptor = 0; descriptor < self->sockets_count; descriptor++)
        forget_socket(self, descriptor);
    act_timer_destroy(&self->timer);
    act_free(self->sockets);
    act_free(self->spare_easies);
    act_free(act_take(self_p));
    curl_global_cleanup();
}
