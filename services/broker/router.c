// router: ROUTER sockets: one in the folder of this machine, one with CURVE for TCP, one a tool. The routing id
// is libzmq's own (5 bytes), used as a number; it is an address and proves nothing. Who a peer on TCP
// is stands in the properties of each of its frames, which the handshake wrote there.
#include "router.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/time.h"
#include "zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define DRAIN_MAX_COUNT 512
// Messages a peer's pipe holds before it counts as not reading.
#define QUEUE_MAX_COUNT 16384
// Ids of libzmq's own making; a peer that brings one of another size is not one of ours.
#define ROUTE_BYTES 5
// A connection on TCP is dropped when it is silent for so long that its machine must be gone.
#define HEARTBEAT_MS 2000
#define HEARTBEAT_TIMEOUT_MS 6000
#define HANDSHAKE_MS 5000
#define CONNECTIONS_MAX_COUNT 1024
#define KEYS_REFRESH_MS 1000
// <zmq.h> hides it behind drafts where it is not one any more (promises.md T3).
#define ZAP_ENFORCE_DOMAIN 93

enum { SOCKET_LOCAL, SOCKET_SECURE, SOCKET_FIRST_TOOL };
#define SOCKETS_MAX_COUNT (SOCKET_FIRST_TOOL + ROUTER_TOOLS_MAX_COUNT) // seven bits of a route

// Of a socket that is a tool's.
typedef struct {
    char actor[ACT_HEADER_NAME_MAX_BYTES + 1];
    bool is_awake; // something may have come; the others are not looked at before each sleep
} tool_socket_t;

struct router {
    act_loop_t *loop;
    void *zmq;
    void *sockets[SOCKETS_MAX_COUNT]; // NULL: not open
    act_watch_t *watches[SOCKETS_MAX_COUNT];
    tool_socket_t *tools[SOCKETS_MAX_COUNT]; // NULL: not a tool's
    uint32_t sockets_count;                  // the highest ever open, and one
    keyring_t *keyring;
    zap_t *zap;
    act_timer_t *refresh;
    uv_prepare_t *prepare;
    uv_idle_t *idle;
    broker_t *broker;
    act_buf_t header;
};

// A body that is a ZeroMQ frame.
typedef struct {
    payload_t payload; // first: the payload is the object
    zmq_msg_t frame;
} frame_payload_t;

static void release_frame(payload_t *payload)
{
    frame_payload_t *self = (frame_payload_t *)payload;
    zmq_msg_close(&self->frame);
    act_free(self);
}

// Moves the frame into a payload.
static payload_t *payload_of(zmq_msg_t *frame)
{
    frame_payload_t *self = act_realloc(NULL, sizeof *self); // all of it is set here
    zmq_msg_init(&self->frame);
    zmq_msg_move(&self->frame, frame);
    self->payload = (payload_t){act_str_of(zmq_msg_data(&self->frame), zmq_msg_size(&self->frame)),
                                1, release_frame};
    return &self->payload;
}

static void frame_of(const payload_t *payload, zmq_msg_t *ret_frame)
{
    if (payload->release == release_frame) {
        zmq_msg_init(ret_frame);
        zmq_msg_copy(ret_frame, &((frame_payload_t *)(uintptr_t)payload)->frame);
        return;
    }
    zmq_msg_init_size(ret_frame, payload->bytes.len_bytes);
    if (payload->bytes.len_bytes > 0)
        memcpy(zmq_msg_data(ret_frame), payload->bytes.ptr, payload->bytes.len_bytes);
}

// libzmq names connections itself with a zero byte and a 32-bit number. 0: this is not one of those.
static uint64_t route_of(zmq_msg_t *frame, uint32_t socket)
{
    uint64_t route = 0;
    if (zmq_msg_size(frame) != ROUTE_BYTES)
        return 0;
    memcpy(&route, zmq_msg_data(frame), ROUTE_BYTES);
    return route << 8 | 1u << 7 | socket;
}

bool router_send(void *context, uint64_t route, const act_header_t *header, const payload_t *body)
{
    router_t *self = context;
    uint64_t id = route >> 8;
    uint32_t place = route & 0x7f;
    void *socket = place < SOCKETS_MAX_COUNT ? self->sockets[place] : NULL;
    if (!socket)
        return false; // of a tool that is gone
    if (self->tools[place])
        self->tools[place]->is_awake = true; // sending may use up the event that something has come
    if (zmq_send(socket, &id, ROUTE_BYTES, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return false;
    act_buf_reset(&self->header);
    act_header_pack(header, &self->header);
    zmq_msg_t frame;
    frame_of(body, &frame);
    bool was_sent = zmq_send(socket, self->header.ptr, self->header.len_bytes,
                             ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
                    zmq_msg_send(&frame, socket, ZMQ_DONTWAIT) >= 0;
    zmq_msg_close(&frame);
    return was_sent;
}

// Tells the broker who sends this. False: its key has been removed since it connected.
static bool identify(router_t *self, zmq_msg_t *frame, uint64_t route)
{
    const char *actor = zmq_msg_gets(frame, ZAP_ACTOR);
    const char *number = zmq_msg_gets(frame, ZAP_KEY_NUMBER);
    if (actor && number && keyring_is_current(self->keyring, (uint32_t)strtoul(number, NULL, 10))) {
        broker_set_sender(self->broker, act_str(actor));
        return true;
    }
    broker_on_revoked_frame(self->broker, route, act_str(actor));
    return false;
}

static void handle(router_t *self, uint32_t socket, zmq_msg_t frames[3], int count)
{
    uint64_t route = route_of(&frames[0], socket);
    act_header_t header;
    act_str_t head = act_str_of(zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]));
    broker_set_time(self->broker, act_time_mono_us());
    if (count != 3 || route == 0 || act_header_unpack(head, &header) != ACT_E_OK) {
        broker_on_malformed(self->broker, route);
        return;
    }
    if (socket == SOCKET_SECURE && !identify(self, &frames[1], route))
        return;
    if (self->tools[socket])
        broker_set_sender(self->broker, act_str(self->tools[socket]->actor));
    payload_t *body = payload_of(&frames[2]);
    broker_on_frame(self->broker, route, &header, body);
    payload_unref(&body);
    if (socket != SOCKET_LOCAL)
        broker_set_sender(self->broker, act_str("")); // the name goes with the frames
}

static bool receive(router_t *self, uint32_t socket)
{
    zmq_msg_t frames[3];
    for (int i = 0; i < 3; i++)
        zmq_msg_init(&frames[i]);
    int count = 0;
    bool has_more = true;
    bool has_message = true;
    while (has_more) {
        zmq_msg_t *frame = &frames[count < 3 ? count : 2]; // frames beyond the third are dropped
        if (zmq_msg_recv(frame, self->sockets[socket], ZMQ_DONTWAIT) < 0) {
            has_message = false;
            break;
        }
        count++;
        has_more = zmq_msg_more(frame) != 0;
    }
    if (has_message)
        handle(self, socket, frames, count);
    for (int i = 0; i < 3; i++)
        zmq_msg_close(&frames[i]);
    return has_message;
}

static void on_idle(uv_idle_t *uv)
{
    uv_idle_stop(uv);
}

// The socket's descriptor is edge-triggered, so it only ends the loop's sleep; reading happens here,
// before each sleep and thus after each send.
static void on_prepare(uv_prepare_t *uv)
{
    router_t *self = uv->data;
    if (self->zap)
        zap_drain(self->zap);
    bool is_left = false;
    for (uint32_t socket = 0; socket < self->sockets_count; socket++) {
        int count = 0;
        if (self->tools[socket] && !self->tools[socket]->is_awake)
            continue;
        while (self->sockets[socket] && count < DRAIN_MAX_COUNT && receive(self, socket))
            count++;
        if (self->tools[socket])
            self->tools[socket]->is_awake = count == DRAIN_MAX_COUNT;
        is_left = is_left || count == DRAIN_MAX_COUNT;
    }
    if (is_left)
        uv_idle_start(self->idle, on_idle);
}

static void on_tool_socket(void *context, int status, int events)
{
    (void)status;
    (void)events;
    ((tool_socket_t *)context)->is_awake = true;
}

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

static void *open_socket(router_t *self)
{
    void *socket = zmq_socket(self->zmq, ZMQ_ROUTER);
    set_option(socket, ZMQ_ROUTER_MANDATORY, 1);
    set_option(socket, ZMQ_SNDHWM, QUEUE_MAX_COUNT);
    set_option(socket, ZMQ_RCVHWM, QUEUE_MAX_COUNT);
    set_option(socket, ZMQ_LINGER, 200);
    int64_t max_bytes = ACT_BUF_DEFAULT_MAX_BYTES;
    act_assert(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes) == 0);
    return socket;
}

static void watch_socket(router_t *self, act_loop_t *loop, uint32_t socket)
{
    int descriptor = -1;
    size_t size_bytes = sizeof descriptor;
    act_assert(zmq_getsockopt(self->sockets[socket], ZMQ_FD, &descriptor, &size_bytes) == 0);
    self->watches[socket] = act_watch_new(loop, descriptor, on_socket, self);
}

act_err_t router_new(act_loop_t *loop, const char *endpoint, router_t **ret_router)
{
    router_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    act_buf_init(&self->header, 4096);
    self->zmq = zmq_ctx_new();
    self->sockets_count = SOCKET_FIRST_TOOL;
    self->sockets[SOCKET_LOCAL] = open_socket(self);
    self->prepare = act_alloc(sizeof *self->prepare);
    self->idle = act_alloc(sizeof *self->idle);
    uv_prepare_init(act_loop_uv(loop), self->prepare);
    uv_idle_init(act_loop_uv(loop), self->idle);
    self->prepare->data = self;
    bool is_bound = zmq_bind(self->sockets[SOCKET_LOCAL], endpoint) == 0;
    watch_socket(self, loop, SOCKET_LOCAL);
    if (!is_bound) {
        router_destroy(&self);
        return ACT_E_IO;
    }
    *ret_router = self;
    return ACT_E_OK;
}

// --- TCP -----------------------------------------------------------------------------------------

static void on_revoked(void *context, act_str_t actor)
{
    router_t *self = context;
    if (self->broker)
        broker_on_revoked(self->broker, actor);
}

static void on_bad_key(void *context, act_str_t address)
{
    router_t *self = context;
    if (self->broker)
        broker_on_bad_key(self->broker, address);
}

void router_refresh_keys(router_t *self)
{
    if (self->keyring)
        keyring_refresh(self->keyring, /* is_forced= */ true);
}

static void on_refresh(void *context)
{
    router_t *self = context;
    keyring_refresh(self->keyring, /* is_forced= */ false);
}

// ZAP is there before the bind, the domain is enforced: nobody gets in unasked.
static void secure_socket(void *socket, const act_bus_pair_t *own)
{
    set_option(socket, ZMQ_CURVE_SERVER, 1);
    act_assert(
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, ACT_BUS_KEY_TEXT_BYTES) == 0);
    act_assert(zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) == 0);
    set_option(socket, ZAP_ENFORCE_DOMAIN, 1);
    set_option(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    set_option(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
    set_option(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
    set_option(socket, ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS);
    set_option(socket, ZMQ_BACKLOG, CONNECTIONS_MAX_COUNT);
    set_option(socket, ZMQ_IPV6, 1);
}

static act_err_t bind_endpoint(void *socket, act_str_t text, act_buf_t *error)
{
    char endpoint[256];
    act_str_copy(text, endpoint, sizeof endpoint);
    if (!act_bus_key_is_needed(endpoint)) {
        act_buf_printf(error,
                       "PARLEY_BUS_LISTEN: %s: must begin with tcp:// (example: "
                       "PARLEY_BUS_LISTEN=tcp://0.0.0.0:5670)",
                       endpoint);
        return ACT_E_CONFIG;
    }
    if (zmq_bind(socket, endpoint) == 0)
        return ACT_E_OK;
    act_buf_printf(error, "PARLEY_BUS_LISTEN: cannot open %s: %s", endpoint, zmq_strerror(errno));
    return ACT_E_IO;
}

act_err_t router_listen(router_t *self, const char *endpoints, const act_bus_pair_t *own,
                        const char *keys_folder, act_buf_t *error)
{
    self->keyring = keyring_new(keys_folder, on_revoked, self);
    self->zap = zap_new(self->zmq, self->loop, self->keyring, on_bad_key, self);
    void *socket = self->sockets[SOCKET_SECURE] = open_socket(self);
    secure_socket(socket, own);
    watch_socket(self, self->loop, SOCKET_SECURE);
    self->refresh = act_timer_new(self->loop, on_refresh, self);
    const char *at = endpoints;
    act_err_t err = ACT_E_OK;
    while (err == ACT_E_OK && *at) {
        size_t len_bytes = strcspn(at, ",");
        err = bind_endpoint(socket, act_str_trim(act_str_of(at, len_bytes)), error);
        at += len_bytes + (at[len_bytes] == ',');
    }
    return err;
}

bool router_endpoint(const router_t *self, char *ret_endpoint, size_t size_bytes)
{
    void *socket = self->sockets[SOCKET_SECURE];
    return socket && zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, ret_endpoint, &size_bytes) == 0;
}

// --- tools ---------------------------------------------------------------------------------------

static uint32_t find_tool(const router_t *self, const char *actor)
{
    uint32_t place = SOCKET_FIRST_TOOL;
    while (place < self->sockets_count &&
           (!self->tools[place] || strcmp(self->tools[place]->actor, actor) != 0))
        place++;
    return place;
}

static uint32_t free_place(const router_t *self)
{
    uint32_t place = SOCKET_FIRST_TOOL;
    while (place < SOCKETS_MAX_COUNT && self->sockets[place])
        place++;
    return place;
}

act_err_t router_open_tool(router_t *self, const char *endpoint, const char *actor)
{
    uint32_t place = free_place(self);
    if (place == SOCKETS_MAX_COUNT)
        return ACT_E_OVERLOADED;
    void *socket = open_socket(self);
    if (zmq_bind(socket, endpoint) != 0) {
        zmq_close(socket);
        return ACT_E_IO;
    }
    int descriptor = -1;
    size_t size_bytes = sizeof descriptor;
    act_assert(zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size_bytes) == 0);
    tool_socket_t *tool = self->tools[place] = act_alloc(sizeof *tool);
    act_str_copy(act_str(actor), tool->actor, sizeof tool->actor);
    tool->is_awake = true;
    self->sockets[place] = socket;
    self->watches[place] = act_watch_new(self->loop, descriptor, on_tool_socket, tool);
    if (self->broker)
        act_watch_set(self->watches[place], UV_READABLE);
    if (place >= self->sockets_count)
        self->sockets_count = place + 1;
    return ACT_E_OK;
}

void router_close_tool(router_t *self, const char *actor)
{
    uint32_t place = find_tool(self, actor);
    if (place >= self->sockets_count)
        return;
    if (self->broker)
        broker_on_revoked(self->broker, act_str(actor));
    act_watch_destroy(&self->watches[place]);
    zmq_close(self->sockets[place]);
    self->sockets[place] = NULL;
    act_free(self->tools[place]);
    self->tools[place] = NULL;
}

// --- the end -------------------------------------------------------------------------------------

static void free_handle(uv_handle_t *handle)
{
    act_free(handle);
}

void router_destroy(router_t **self_p)
{
    router_t *self = *self_p;
    if (!self)
        return;
    uv_prepare_stop(self->prepare);
    uv_idle_stop(self->idle);
    uv_close((uv_handle_t *)self->prepare, free_handle);
    uv_close((uv_handle_t *)self->idle, free_handle);
    act_timer_destroy(&self->refresh);
    zap_destroy(&self->zap);
    for (uint32_t i = 0; i < self->sockets_count; i++) {
        act_watch_destroy(&self->watches[i]);
        if (self->sockets[i])
            zmq_close(self->sockets[i]);
        act_free(self->tools[i]);
    }
    keyring_destroy(&self->keyring);
    zmq_ctx_term(self->zmq);
    act_buf_fini(&self->header);
    act_free(act_take(self_p));
}

void router_start(router_t *self, broker_t *broker)
{
    self->broker = broker;
    for (uint32_t i = 0; i < self->sockets_count; i++)
        if (self->watches[i])
            act_watch_set(self->watches[i], UV_READABLE);
    if (self->refresh)
        act_timer_start(self->refresh, KEYS_REFRESH_MS, KEYS_REFRESH_MS);
    uv_prepare_start(self->prepare, on_prepare);
}
