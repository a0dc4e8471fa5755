// zap: a REP socket on the loop. Requests are nine frames or fewer, all short.
#include "zap.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

#define ENDPOINT "inproc://zeromq.zap.01"
#define VERSION "1.0"
#define FRAME_MAX_BYTES 256

// RFC 27: version, request id, domain, address, identity, mechanism, credentials.
enum {
    FRAME_VERSION,
    FRAME_ID,
    FRAME_DOMAIN,
    FRAME_ADDRESS,
    FRAME_IDENTITY,
    FRAME_MECHANISM,
    FRAME_KEY,
    FRAMES_COUNT
};

struct zap {
    void *socket;
    act_watch_t *watch;
    keyring_t *keyring;
    zap_refused_fn *on_refused;
    void *context;
};

typedef struct {
    char bytes[FRAMES_COUNT][FRAME_MAX_BYTES];
    act_str_t frames[FRAMES_COUNT];
    int count;
} request_t;

// False: nothing is there. Frames that are too many or too long make the count wrong.
static bool receive(zap_t *self, request_t *ret_request)
{
    ret_request->count = 0;
    memset(ret_request->frames, 0, sizeof ret_request->frames);
    int has_more = 1;
    while (has_more) {
        char spare[FRAME_MAX_BYTES];
        bool fits = ret_request->count < FRAMES_COUNT;
        char *bytes = fits ? ret_request->bytes[ret_request->count] : spare;
        int size = zmq_recv(self->socket, bytes, FRAME_MAX_BYTES, ZMQ_DONTWAIT);
        if (size < 0)
            return false;
        if (fits && size <= FRAME_MAX_BYTES)
            ret_request->frames[ret_request->count] = act_str_of(bytes, (size_t)size);
        else
            ret_request->count = FRAMES_COUNT;
        ret_request->count++;
        size_t more_bytes = sizeof has_more;
        act_assert(zmq_getsockopt(self->socket, ZMQ_RCVMORE, &has_more, &more_bytes) == 0);
    }
    return true;
}

// The actor of a good request, or NULL.
static const char *admit(zap_t *self, const request_t *request, uint32_t *ret_number)
{
    if (request->count != FRAMES_COUNT || !act_str_is(request->frames[FRAME_VERSION], VERSION) ||
        !act_str_is(request->frames[FRAME_DOMAIN], ZAP_DOMAIN) ||
        !act_str_is(request->frames[FRAME_MECHANISM], "CURVE"))
        return NULL;
    keyring_refresh(self->keyring, /* is_forced= */ false);
    return keyring_find(self->keyring, request->frames[FRAME_KEY], ret_number);
}

// A property of ZMTP: a short name, its length before it; a value, its length in four bytes before it.
static size_t pack_property(const char *name, const char *value, char *out)
{
    size_t name_bytes = strlen(name), value_bytes = strlen(value), at = 0;
    out[at++] = (char)name_bytes;
    memcpy(out + at, name, name_bytes);
    at += name_bytes;
    memset(out + at, 0, 3);
    out[at + 3] = (char)value_bytes;
    memcpy(out + at + 4, value, value_bytes);
    return at + 4 + value_bytes;
}

static void send_frame(zap_t *self, act_str_t frame, int flags)
{
    // A REP socket that was just asked has room for one answer.
    (void)zmq_send(self->socket, frame.ptr, frame.len_bytes, flags | ZMQ_DONTWAIT);
}

static void answer(zap_t *self, const request_t *request)
{
    uint32_t number = 0;
    const char *actor = admit(self, request, &number);
    char metadata[64] = "", digits[16];
    size_t metadata_bytes = 0;
    if (actor) {
        snprintf(digits, sizeof digits, "%u", number);
        metadata_bytes = pack_property(ZAP_KEY_NUMBER, digits, metadata);
    } else {
        self->on_refused(self->context, request->frames[FRAME_ADDRESS]);
    }
    send_frame(self, act_str(VERSION), ZMQ_SNDMORE);
    send_frame(self, request->frames[FRAME_ID], ZMQ_SNDMORE);
    send_frame(self, act_str(actor ? "200" : "400"), ZMQ_SNDMORE);
    send_frame(self, act_str(actor ? "OK" : "unknown key"), ZMQ_SNDMORE);
    send_frame(self, act_str(actor ? actor : ""), ZMQ_SNDMORE);
    send_frame(self, act_str_of(metadata, metadata_bytes), 0);
}

void zap_drain(zap_t *self)
{
    request_t request;
    while (receive(self, &request))
        answer(self, &request);
}

// The descriptor only wakes the loop; reading is done before its next sleep.
static void on_socket(void *context, int status, int events)
{
    (void)context;
    (void)status;
    (void)events;
}

zap_t *zap_new(void *zmq_context, act_loop_t *loop, keyring_t *keyring, zap_refused_fn *on_refused,
               void *context)
{
    zap_t *self = act_alloc(sizeof *self);
    self->keyring = keyring;
    self->on_refused = on_refused;
    self->context = context;
    self->socket = zmq_socket(zmq_context, ZMQ_REP);
    int zero = 0;
    act_assert(zmq_setsockopt(self->socket, ZMQ_LINGER, &zero, sizeof zero) == 0);
    act_assert(zmq_bind(self->socket, ENDPOINT) == 0);
    int descriptor = -1;
    size_t size_bytes = sizeof descriptor;
    act_assert(zmq_getsockopt(self->socket, ZMQ_FD, &descriptor, &size_bytes) == 0);
    self->watch = act_watch_new(loop, descriptor, on_socket, self);
    act_watch_set(self->watch, UV_READABLE);
    return self;
}

void zap_destroy(zap_t **self_p)
{
    zap_t *self = *self_p;
    if (!self)
        return;
    act_watch_destroy(&self->watch);
    zmq_close(self->socket);
    act_free(act_take(self_p));
}
