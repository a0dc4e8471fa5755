// router: the ROUTER socket. The routing id is libzmq's own (5 bytes), used as a number.
#include "router.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <string.h>
#include <zmq.h>

#define DRAIN_MAX_COUNT 512
// Messages a peer's pipe holds before it counts as not reading.
#define QUEUE_MAX_COUNT 16384
#define ROUTE_MAX_BYTES 8

struct router {
    void *zmq;
    void *socket;
    act_watch_t *watch;
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
    frame_payload_t *self = act_alloc(sizeof *self);
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

// libzmq names connections itself with a zero byte and a 32-bit number.
static uint64_t route_of(zmq_msg_t *frame)
{
    uint64_t route = 0;
    size_t size_bytes = zmq_msg_size(frame);
    if (size_bytes > ROUTE_MAX_BYTES - 1)
        return 0;
    memcpy(&route, zmq_msg_data(frame), size_bytes);
    return route << 8 | size_bytes;
}

bool router_send(void *context, uint64_t route, const act_header_t *header, const payload_t *body)
{
    router_t *self = context;
    uint64_t id = route >> 8;
    if (zmq_send(self->socket, &id, route & 0xff, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return false;
    act_buf_reset(&self->header);
    act_header_pack(header, &self->header);
    zmq_msg_t frame;
    frame_of(body, &frame);
    bool was_sent = zmq_send(self->socket, self->header.ptr, self->header.len_bytes,
                             ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
                    zmq_msg_send(&frame, self->socket, ZMQ_DONTWAIT) >= 0;
    zmq_msg_close(&frame);
    return was_sent;
}

static void handle(router_t *self, zmq_msg_t frames[3], int count)
{
    uint64_t route = route_of(&frames[0]);
    act_header_t header;
    act_str_t head = act_str_of(zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]));
    broker_set_time(self->broker, act_time_mono_us());
    if (count != 3 || route == 0 || act_header_unpack(head, &header) != ACT_E_OK) {
        broker_on_malformed(self->broker, route);
        return;
    }
    payload_t *body = payload_of(&frames[2]);
    broker_on_frame(self->broker, route, &header, body);
    payload_unref(&body);
}

static bool receive(router_t *self)
{
    zmq_msg_t frames[3];
    for (int i = 0; i < 3; i++)
        zmq_msg_init(&frames[i]);
    int count = 0;
    bool has_more = true;
    bool has_message = true;
    while (has_more) {
        zmq_msg_t *frame = &frames[count < 3 ? count : 2]; // frames beyond the third are dropped
        if (zmq_msg_recv(frame, self->socket, ZMQ_DONTWAIT) < 0) {
            has_message = false;
            break;
        }
        count++;
        has_more = zmq_msg_more(frame) != 0;
    }
    if (has_message)
        handle(self, frames, count);
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
    int count = 0;
    while (count < DRAIN_MAX_COUNT && receive(self))
        count++;
    if (count == DRAIN_MAX_COUNT)
        uv_idle_start(self->idle, on_idle);
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

act_err_t router_new(act_loop_t *loop, const char *endpoint, router_t **ret_router)
{
    router_t *self = act_alloc(sizeof *self);
    act_buf_init(&self->header, 4096);
    self->zmq = zmq_ctx_new();
    self->socket = zmq_socket(self->zmq, ZMQ_ROUTER);
    set_option(self->socket, ZMQ_ROUTER_MANDATORY, 1);
    set_option(self->socket, ZMQ_SNDHWM, QUEUE_MAX_COUNT);
    set_option(self->socket, ZMQ_RCVHWM, QUEUE_MAX_COUNT);
    set_option(self->socket, ZMQ_LINGER, 200);
    int64_t max_bytes = ACT_BUF_DEFAULT_MAX_BYTES;
    act_assert(zmq_setsockopt(self->socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes) == 0);
    self->prepare = act_alloc(sizeof *self->prepare);
    self->idle = act_alloc(sizeof *self->idle);
    uv_prepare_init(act_loop_uv(loop), self->prepare);
    uv_idle_init(act_loop_uv(loop), self->idle);
    self->prepare->data = self;
    bool is_bound = zmq_bind(self->socket, endpoint) == 0;
    int descriptor = -1;
    size_t size = sizeof descriptor;
    act_assert(zmq_getsockopt(self->socket, ZMQ_FD, &descriptor, &size) == 0);
    self->watch = act_watch_new(loop, descriptor, on_socket, self);
    if (!is_bound) {
        router_destroy(&self);
        return ACT_E_IO;
    }
    *ret_router = self;
    return ACT_E_OK;
}

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
    act_watch_destroy(&self->watch);
    zmq_close(self->socket);
    zmq_ctx_term(self->zmq);
    act_buf_fini(&self->header);
    act_free(act_take(self_p));
}

void router_start(router_t *self, broker_t *broker)
{
    self->broker = broker;
    act_watch_set(self->watch, UV_READABLE);
    uv_prepare_start(self->prepare, on_prepare);
}
