// bus: a DEALER in the libuv loop. ZeroMQ's descriptor is edge-triggered: it only says "look again".
// So messages are read in uv_prepare, which runs before every sleep of the loop and thus after every
// send; the descriptor merely ends the sleep, and an idle handle prevents it while messages are left.
#include "actor/bus.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

// Messages handled before other events of the loop get their turn.
#define DRAIN_MAX_COUNT 256
// Frames waiting for ZeroMQ; its own queue holds as many again.
#define BACKLOG_MAX_COUNT 16384
#define QUEUE_MAX_COUNT 16384
#define RECONNECT_MS 20
#define RECONNECT_MAX_MS 200
// On TCP: a broker whose machine is gone is noticed, and a handshake that hangs is given up.
#define HEARTBEAT_MS 2000
#define HEARTBEAT_TIMEOUT_MS 6000
#define CONNECT_TIMEOUT_MS 3000
// libzmq gives a connection up whose key was refused; the key may be accepted later.
#define SHUT_OUT_MS 1000
#define SHUT_OUT_EVENTS                                                                            \
    (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                  \
     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
// Header frames are at most some 900 bytes; bodies follow ACT_BUF_DEFAULT_MAX_BYTES.
#define MESSAGE_MAX_BYTES ((int64_t)ACT_BUF_DEFAULT_MAX_BYTES)

typedef struct waiting {
    struct waiting *next;
    zmq_msg_t frames[2];
} waiting_t;

struct act_bus {
    void *zmq;
    void *socket;
    void *monitor;
    char endpoint[256];
    act_timer_t *again; // connects anew after a refusal
    act_watch_t *socket_watch;
    act_watch_t *monitor_watch;
    uv_prepare_t *prepare;
    uv_idle_t *idle;
    act_bus_events_t events;
    void *context;
    waiting_t *first, *last;
    size_t waiting_count;
    act_buf_t header;
    bool is_connected;
};

// --- messages ------------------------------------------------------------------------------------

void act_message_init(act_message_t *self)
{
    *self = (act_message_t){0};
    zmq_msg_init(&self->frames[0]);
    zmq_msg_init(&self->frames[1]);
}

void act_message_fini(act_message_t *self)
{
    zmq_msg_close(&self->frames[0]);
    zmq_msg_close(&self->frames[1]);
}

void act_message_take(act_message_t *to, act_message_t *from)
{
    act_message_init(to);
    const void *was_at = zmq_msg_data(&from->frames[0]);
    zmq_msg_move(&to->frames[0], &from->frames[0]);
    zmq_msg_move(&to->frames[1], &from->frames[1]);
    to->header = from->header;
    // Small frames live inside zmq_msg_t: then the views are made anew from the new place.
    act_str_t header = act_str_of(zmq_msg_data(&to->frames[0]), zmq_msg_size(&to->frames[0]));
    if (header.ptr != was_at)
        act_assert(act_header_unpack(header, &to->header) == ACT_E_OK);
    to->body = act_str_of(zmq_msg_data(&to->frames[1]), zmq_msg_size(&to->frames[1]));
    from->header = (act_header_t){0};
    from->body = act_str_of(NULL, 0);
}

void act_bus_body(zmq_msg_t *ret_frame, act_str_t bytes)
{
    act_assert(zmq_msg_init_size(ret_frame, bytes.len_bytes) == 0);
    if (bytes.len_bytes > 0)
        memcpy(zmq_msg_data(ret_frame), bytes.ptr, bytes.len_bytes);
}

// --- sending -------------------------------------------------------------------------------------

// Sends both frames or neither; false when ZeroMQ cannot take them now.
static bool send_frames(act_bus_t *self, zmq_msg_t frames[2])
{
    ACT_CRASH_POINT("bus.sending");
    if (zmq_msg_send(&frames[0], self->socket, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return false;
    // The first part was admitted, so the pipe takes the rest of the message (zmq_msg_send(3)).
    act_assert(zmq_msg_send(&frames[1], self->socket, ZMQ_DONTWAIT) >= 0 || errno == EAGAIN);
    ACT_CRASH_POINT("bus.sent");
    return true;
}

static void drop_backlog(act_bus_t *self)
{
    while (self->first) {
        waiting_t *waiting = self->first;
        self->first = waiting->next;
        zmq_msg_close(&waiting->frames[0]);
        zmq_msg_close(&waiting->frames[1]);
        act_free(waiting);
    }
    self->last = NULL;
    self->waiting_count = 0;
}

static void flush_backlog(act_bus_t *self)
{
    while (self->first && send_frames(self, self->first->frames)) {
        waiting_t *sent = self->first;
        self->first = sent->next;
        if (!self->first)
            self->last = NULL;
        self->waiting_count--;
        act_free(sent);
    }
}

static void push_backlog(act_bus_t *self, zmq_msg_t frames[2])
{
    waiting_t *waiting = act_alloc(sizeof *waiting);
    for (int i = 0; i < 2; i++) {
        zmq_msg_init(&waiting->frames[i]);
        zmq_msg_move(&waiting->frames[i], &frames[i]);
    }
    if (self->last)
        self->last->next = waiting;
    else
        self->first = waiting;
    self->last = waiting;
    self->waiting_count++;
}

act_err_t act_bus_send(act_bus_t *self, const act_header_t *header, zmq_msg_t *body)
{
    if (!self->is_connected)
        return ACT_E_UNAVAILABLE;
    if (self->waiting_count >= BACKLOG_MAX_COUNT)
        return ACT_E_OVERLOADED;
    act_buf_reset(&self->header);
    act_header_pack(header, &self->header);
    zmq_msg_t frames[2];
    act_bus_body(&frames[0], act_buf_str(&self->header));
    zmq_msg_init(&frames[1]);
    zmq_msg_move(&frames[1], body);
    if (self->first || !send_frames(self, frames))
        push_backlog(self, frames);
    zmq_msg_close(&frames[0]);
    zmq_msg_close(&frames[1]);
    return ACT_E_OK;
}

// --- receiving -----------------------------------------------------------------------------------

// Reads one whole message; false when none is there. What is not exactly two frames, or has a bad
// header, is passed over: the broker is trusted to be well-formed, but nothing here may crash on it.
static bool receive(act_bus_t *self)
{
    act_message_t message;
    act_message_init(&message);
    if (zmq_msg_recv(&message.frames[0], self->socket, ZMQ_DONTWAIT) < 0) {
        act_message_fini(&message);
        return false;
    }
    int count = 1;
    zmq_msg_t *frame = &message.frames[0];
    while (zmq_msg_more(frame)) {
        frame = &message.frames[1];
        act_assert(zmq_msg_recv(frame, self->socket, ZMQ_DONTWAIT) >= 0);
        count++;
    }
    act_str_t header =
        act_str_of(zmq_msg_data(&message.frames[0]), zmq_msg_size(&message.frames[0]));
    if (count == 2 && act_header_unpack(header, &message.header) == ACT_E_OK) {
        message.body =
            act_str_of(zmq_msg_data(&message.frames[1]), zmq_msg_size(&message.frames[1]));
        self->events.on_message(self->context, &message);
    }
    act_message_fini(&message);
    return true;
}

// --- connection ----------------------------------------------------------------------------------

static void set_connected(act_bus_t *self, bool is_connected)
{
    if (self->is_connected == is_connected)
        return;
    self->is_connected = is_connected;
    drop_backlog(self);
    if (is_connected)
        self->events.on_connect(self->context);
    else
        self->events.on_disconnect(self->context);
}

// Monitor messages are two frames: event number (16 bit) and value, then the address.
static void on_again(void *context)
{
    act_bus_t *self = context;
    if (self->is_connected)
        return;
    (void)zmq_disconnect(self->socket, self->endpoint); // it may have been given up
    (void)zmq_connect(self->socket, self->endpoint);
}

static void on_shut_out(act_bus_t *self)
{
    if (act_timer_is_active(self->again))
        return;
    act_timer_start(self->again, SHUT_OUT_MS, 0);
    self->events.on_shut_out(self->context);
}

static void read_monitor(act_bus_t *self)
{
    char frame[512];
    int size = 0;
    while ((size = zmq_recv(self->monitor, frame, sizeof frame, ZMQ_DONTWAIT)) >= 0) {
        uint16_t event = 0;
        if (size >= 2)
            memcpy(&event, frame, sizeof event);
        int more = 0;
        size_t more_bytes = sizeof more;
        zmq_getsockopt(self->monitor, ZMQ_RCVMORE, &more, &more_bytes);
        if (!more)
            continue; // the address
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            set_connected(self, true);
        else if (event == ZMQ_EVENT_DISCONNECTED)
            set_connected(self, false);
        else if (event & SHUT_OUT_EVENTS)
            on_shut_out(self);
    }
}

// --- the loop --------------------------------------------------------------------------------------

static void on_idle(uv_idle_t *uv)
{
    uv_idle_stop(uv);
}

static void on_prepare(uv_prepare_t *uv)
{
    act_bus_t *self = uv->data;
    read_monitor(self);
    flush_backlog(self);
    int count = 0;
    while (count < DRAIN_MAX_COUNT && receive(self))
        count++;
    if (count == DRAIN_MAX_COUNT)
        uv_idle_start(self->idle, on_idle);
}

// Both sockets' descriptors: prepare reads, these only wake the loop.
static void on_socket(void *context, int status, int events)
{
    (void)context;
    (void)status;
    (void)events;
}

static void set_option(void *socket, int option, int value)
{
    act_assert(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

static int descriptor_of(void *socket)
{
    int descriptor = -1;
    size_t size = sizeof descriptor;
    act_assert(zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size) == 0);
    return descriptor;
}

static void set_key(void *socket, int option, const char *key)
{
    act_assert(zmq_setsockopt(socket, option, key, ACT_BUS_KEY_TEXT_BYTES) == 0);
}

static void secure_socket(void *socket, const act_bus_keys_t *keys)
{
    set_key(socket, ZMQ_CURVE_SERVERKEY, keys->server_key);
    set_key(socket, ZMQ_CURVE_PUBLICKEY, keys->own.public_key);
    set_key(socket, ZMQ_CURVE_SECRETKEY, keys->own.secret_key);
    set_option(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
    set_option(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
    set_option(socket, ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS);
    set_option(socket, ZMQ_CONNECT_TIMEOUT, CONNECT_TIMEOUT_MS);
    set_option(socket, ZMQ_IPV6, 1);
}

static void open_sockets(act_bus_t *self, const act_bus_address_t *address)
{
    self->zmq = zmq_ctx_new();
    self->socket = zmq_socket(self->zmq, ZMQ_DEALER);
    set_option(self->socket, ZMQ_SNDHWM, QUEUE_MAX_COUNT);
    set_option(self->socket, ZMQ_RCVHWM, QUEUE_MAX_COUNT);
    set_option(self->socket, ZMQ_IMMEDIATE, 1); // nothing is queued for a broker that is not there
    set_option(self->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set_option(self->socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
    int64_t max_bytes = MESSAGE_MAX_BYTES;
    zmq_setsockopt(self->socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes);
    char monitor[64];
    snprintf(monitor, sizeof monitor, "inproc://monitor-%p", (void *)self);
    act_assert(zmq_socket_monitor(self->socket, monitor,
                                  ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                                      SHUT_OUT_EVENTS) == 0);
    self->monitor = zmq_socket(self->zmq, ZMQ_PAIR);
    act_assert(zmq_connect(self->monitor, monitor) == 0);
    bool is_safe = address->keys || !act_bus_key_is_needed(address->endpoint);
    act_assert(is_safe); // whoever calls has looked (act_bus_key_load)
    if (address->keys)
        secure_socket(self->socket, address->keys);
    act_assert(zmq_connect(self->socket, address->endpoint) == 0);
}

act_bus_t *act_bus_new(act_loop_t *loop, const act_bus_address_t *address,
                       const act_bus_events_t *events, void *context)
{
    act_bus_t *self = act_alloc(sizeof *self);
    self->events = *events;
    self->context = context;
    act_buf_init(&self->header, ACT_BUF_DEFAULT_MAX_BYTES);
    act_str_copy(act_str(address->endpoint), self->endpoint, sizeof self->endpoint);
    self->again = act_timer_new(loop, on_again, self);
    open_sockets(self, address);
    self->socket_watch = act_watch_new(loop, descriptor_of(self->socket), on_socket, self);
    act_watch_set(self->socket_watch, UV_READABLE);
    self->monitor_watch = act_watch_new(loop, descriptor_of(self->monitor), on_socket, self);
    act_watch_set(self->monitor_watch, UV_READABLE);
    self->prepare = act_alloc(sizeof *self->prepare);
    self->idle = act_alloc(sizeof *self->idle);
    uv_prepare_init(act_loop_uv(loop), self->prepare);
    uv_idle_init(act_loop_uv(loop), self->idle);
    self->prepare->data = self;
    uv_prepare_start(self->prepare, on_prepare);
    return self;
}

static void free_handle(uv_handle_t *handle)
{
    act_free(handle);
}

void act_bus_destroy(act_bus_t **self_p, int linger_ms)
{
    act_bus_t *self = *self_p;
    if (!self)
        return;
    act_timer_destroy(&self->again);
    flush_backlog(self);
    drop_backlog(self);
    uv_prepare_stop(self->prepare);
    uv_idle_stop(self->idle);
    uv_close((uv_handle_t *)self->prepare, free_handle);
    uv_close((uv_handle_t *)self->idle, free_handle);
    act_watch_destroy(&self->socket_watch);
    act_watch_destroy(&self->monitor_watch);
    zmq_socket_monitor(self->socket, NULL, 0);
    set_option(self->monitor, ZMQ_LINGER, 0);
    set_option(self->socket, ZMQ_LINGER, linger_ms);
    zmq_close(self->monitor);
    zmq_close(self->socket);
    zmq_ctx_term(self->zmq);
    act_buf_fini(&self->header);
    act_free(act_take(self_p));
}

bool act_bus_is_connected(const act_bus_t *self)
{
    return self->is_connected;
}
