// router_test: frames from real sockets become events of the broker, and nothing else gets through.
#include "router.h"

#include "actor/header.h"
#include "harness/model_check.h"
#include "harness/open_acl.h"
#include "proto/broker.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#define PATIENCE_TURNS 5000

typedef struct {
    act_loop_t *loop;
    router_t *router;
    broker_t *broker;
    acl_t *acl;
    char folder[64];
    char endpoint[96];
    void *zmq;
    void *peer; // a DEALER
} fixture_t;

static void on_peer(void *context, const peer_t *peer)
{
    (void)context;
    (void)peer;
}

static void on_bus_call(void *context, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)header;
    fixture_t *self = context;
    broker_answer(self->broker, call_id, ACT_E_OK, body);
}

static bool send_frame(void *context, uint64_t route, const act_header_t *header,
                       const payload_t *body)
{
    return router_send(((fixture_t *)context)->router, route, header, body);
}

static void *open_peer(fixture_t *self)
{
    int zero = 0;
    void *peer = zmq_socket(self->zmq, ZMQ_DEALER);
    assert_int_equal(zmq_setsockopt(peer, ZMQ_LINGER, &zero, sizeof zero), 0);
    assert_int_equal(zmq_connect(peer, self->endpoint), 0);
    return peer;
}

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    broker_limits_t limits = {.epoch = 7,
                              .ping_ms = 1000,
                              .lost_ms = 5000,
                              .queue_max_count = 100,
                              .queue_max_bytes = 1u << 20,
                              .attempts_max_count = 3,
                              .acl = self->acl = open_acl_new()};
    broker_io_t io = {send_frame, on_peer, on_peer, on_bus_call, NULL, NULL, self};
    snprintf(self->folder, sizeof self->folder, "/tmp/router_test.XXXXXX");
    if (!mkdtemp(self->folder))
        return -1;
    snprintf(self->endpoint, sizeof self->endpoint, "ipc://%s/bus.sock", self->folder);
    self->loop = act_loop_new();
    self->broker = broker_new(&limits, &io);
    if (router_new(self->loop, self->endpoint, &self->router) != ACT_E_OK)
        return -1;
    router_start(self->router, self->broker);
    self->zmq = zmq_ctx_new();
    self->peer = open_peer(self);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    zmq_close(self->peer);
    zmq_ctx_term(self->zmq);
    broker_destroy(&self->broker);
    router_destroy(&self->router);
    acl_destroy(&self->acl);
    router_destroy(&self->router); // twice is allowed
    act_loop_destroy(&self->loop);
    char path[96];
    snprintf(path, sizeof path, "%s/bus.sock", self->folder);
    unlink(path);
    rmdir(self->folder);
    act_free(self);
    return 0;
}

static void turn(fixture_t *self)
{
    struct pollfd events = {.fd = uv_backend_fd(act_loop_uv(self->loop)), .events = POLLIN};
    (void)poll(&events, 1, 1);
    uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
}

static void send_frames(fixture_t *self, const act_str_t frames[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true(zmq_send(self->peer, frames[i].ptr, frames[i].len_bytes,
                             i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
}

static void send_message(fixture_t *self, const act_header_t *header, act_str_t body)
{
    act_buf_t packed;
    act_buf_init(&packed, 4096);
    act_header_pack(header, &packed);
    const act_str_t frames[] = {act_buf_str(&packed), body};
    send_frames(self, frames, 2);
    act_buf_fini(&packed);
}

// The next message to the peer: its kind; the body into a buffer of 4 MiB.
static act_kind_t receive(fixture_t *self, act_header_t *ret_header, act_buf_t *body)
{
    static char frame[4096];
    zmq_msg_t second;
    int size = -1;
    for (int i = 0; i < PATIENCE_TURNS; i++) {
        size = zmq_recv(self->peer, frame, sizeof frame, ZMQ_DONTWAIT);
        if (size >= 0)
            break;
        turn(self);
    }
    assert_in_range(size, 1, sizeof frame);
    assert_int_equal(act_header_unpack(act_str_of(frame, (size_t)size), ret_header), ACT_E_OK);
    zmq_msg_init(&second);
    assert_true(zmq_msg_recv(&second, self->peer, 0) >= 0);
    act_buf_reset(body);
    act_buf_add(body, zmq_msg_data(&second), zmq_msg_size(&second));
    assert_false(zmq_msg_more(&second));
    zmq_msg_close(&second);
    return ret_header->kind;
}

static void say_hello(fixture_t *self)
{
    hello_t hello = {.actor = ACT_STR("client"), .instance = ACT_STR("client-1")};
    act_buf_t body;
    act_header_t header = {.kind = ACT_KIND_HELLO};
    act_buf_init(&body, 1024);
    hello_pack(&hello, &body);
    send_message(self, &header, act_buf_str(&body));
    assert_int_equal(receive(self, &header, &body), ACT_KIND_WELCOME);
    act_buf_fini(&body);
}

static void until_malformed(fixture_t *self, uint64_t count)
{
    for (int i = 0; i < PATIENCE_TURNS && broker_counters(self->broker)->malformed < count; i++)
        turn(self);
    assert_int_equal(broker_counters(self->broker)->malformed, count);
}

// --- dialogue ------------------------------------------------------------------------------------

static void a_strange_peer_is_asked_for_its_hello(void **state)
{
    fixture_t *self = *state;
    act_buf_t body;
    act_buf_init(&body, 1024);
    act_header_t header = {.kind = ACT_KIND_PING};
    send_message(self, &header, act_str(""));
    assert_int_equal(receive(self, &header, &body), ACT_KIND_HELLO_AGAIN);
    say_hello(self);
    act_buf_fini(&body);
}

static void bodies_of_any_allowed_size_come_back(void **state)
{
    fixture_t *self = *state;
    static const size_t sizes_bytes[] = {0, 1, 29, 33, 34, 255, 256, 65536, (4u << 20)};
    say_hello(self);
    ACT_AUTO_FREE char *bytes = act_alloc(4u << 20);
    memset(bytes, 'x', 4u << 20);
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    for (size_t i = 0; i < ACT_COUNT(sizes_bytes); i++) {
        act_header_t header = {
            .kind = ACT_KIND_CALL, .id = i + 1, .service = ACT_STR("bus"), .budget_ms = 5000};
        send_message(self, &header, act_str_of(bytes, sizes_bytes[i]));
        assert_int_equal(receive(self, &header, &body), ACT_KIND_REPLY);
        assert_int_equal(header.id, i + 1);
        assert_true(act_str_eq(act_buf_str(&body), act_str_of(bytes, sizes_bytes[i])));
    }
    act_buf_fini(&body);
}

static void many_messages_are_read_in_several_turns(void **state)
{
    fixture_t *self = *state;
    say_hello(self);
    act_header_t header = {.kind = ACT_KIND_CALL, .service = ACT_STR("bus"), .budget_ms = 5000};
    for (header.id = 1; header.id <= 3000; header.id++)
        send_message(self, &header, act_str("x"));
    act_buf_t body;
    act_buf_init(&body, 1024);
    for (uint64_t id = 1; id <= 3000; id++) {
        assert_int_equal(receive(self, &header, &body), ACT_KIND_REPLY);
        assert_int_equal(header.id, id);
    }
    act_buf_fini(&body);
}

// --- what is not a message -----------------------------------------------------------------------

static void other_frames_are_counted_and_answered_by_nobody(void **state)
{
    fixture_t *self = *state;
    say_hello(self);
    act_buf_t good;
    act_buf_init(&good, 1024);
    act_header_pack(&(act_header_t){.kind = ACT_KIND_PING}, &good);
    const act_str_t header = act_buf_str(&good);
    const act_str_t rows[][5] = {
        {ACT_STR("")},
        {header},
        {ACT_STR(""), header},
        {ACT_STR(""), header, ACT_STR("")},
        {header, ACT_STR("a"), ACT_STR("b")},
        {header, ACT_STR("a"), ACT_STR("b"), ACT_STR("c"), ACT_STR("d")},
        {ACT_STR("\xdf\x29\xff\xff\x29"), ACT_STR("")},
        {ACT_STR("\xdd\x04\x00\x00\x00"), ACT_STR("")},
        {ACT_STR("GET / HTTP/1.1\r\n"), ACT_STR("")},
    };
    static const size_t counts[] = {1, 1, 2, 3, 3, 5, 2, 2, 2};
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        send_frames(self, rows[i], counts[i]);
    until_malformed(self, ACT_COUNT(rows));
    act_header_t answer = {.kind = ACT_KIND_PING};
    act_buf_t body;
    act_buf_init(&body, 1024);
    send_message(self, &answer, act_str("")); // the connection lives
    assert_int_equal(receive(self, &answer, &body), ACT_KIND_PONG);
    act_buf_fini(&body);
    act_buf_fini(&good);
}

static void mutated_messages_end_nothing(void **state)
{
    fixture_t *self = *state;
    model_random_t random = {.state = 1};
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_buf_t good;
    act_buf_init(&good, 1024);
    for (int round = 0; round < 3000; round++) {
        act_arena_reset(arena);
        act_buf_reset(&good);
        act_header_t header = {.kind = (uint8_t)(1 + round % ACT_KIND_LAST),
                               .id = 1,
                               .service = ACT_STR("bus"),
                               .budget_ms = 10};
        act_header_pack(&header, &good);
        const act_str_t frames[] = {model_mutate(act_buf_str(&good), &random, arena),
                                    model_mutate(ACT_STR("\x81\xa5"
                                                         "actor\xa1x"),
                                                 &random, arena)};
        send_frames(self, frames, 2);
        if (round % 50 == 0)
            turn(self);
    }
    act_buf_fini(&good);
    void *old = self->peer;
    self->peer = open_peer(self);
    say_hello(self);
    zmq_close(old);
}

// --- peers that are not there --------------------------------------------------------------------

static void sends_to_nobody_are_known_to_fail(void **state)
{
    fixture_t *self = *state;
    payload_t *body = payload_new(act_str("x"));
    act_header_t header = {.kind = ACT_KIND_PING};
    assert_false(router_send(self->router, (UINT64_C(0x1234567800) << 8) | 5, &header, body));
    assert_false(router_send(self->router, 0, &header, body));
    payload_unref(&body);
}

static void a_place_that_is_taken_cannot_be_bound(void **state)
{
    fixture_t *self = *state;
    router_t *other = NULL;
    assert_int_equal(router_new(self->loop, "ipc:///none/bus.sock", &other), ACT_E_IO);
    assert_int_equal(router_new(self->loop, "nonsense", &other), ACT_E_IO);
    assert_null(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_strange_peer_is_asked_for_its_hello),
        TEST(bodies_of_any_allowed_size_come_back),
        TEST(many_messages_are_read_in_several_turns),
        TEST(other_frames_are_counted_and_answered_by_nobody),
        TEST(mutated_messages_end_nothing),
        TEST(sends_to_nobody_are_known_to_fail),
        TEST(a_place_that_is_taken_cannot_be_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
