// router_connects_test (S-3): many connects in every way but the right one. No frame of theirs is ever
// read. PARLEY_CONNECTS=10000 is the size of the promise; without it a run is short.
#include "harness/curve_kit.h"
#include "zap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CONNECTS_COUNT 500

typedef enum { NO_KEY, PASSWORD, UNKNOWN_KEY, KEY_OF_ANOTHER, REMOVED_KEY, WAYS_COUNT } way_t;

static int connects_count(void)
{
    const char *text = getenv("PARLEY_CONNECTS");
    int count = text ? atoi(text) : CONNECTS_COUNT;
    assert_true(count >= WAYS_COUNT);
    return count;
}

static void set_keys(curve_kit_t *self, curve_peer_t *peer, way_t way,
                     const act_bus_pair_t *removed)
{
    act_bus_pair_t own = *removed;
    switch (way) {
    case PASSWORD:
        assert_int_equal(zmq_setsockopt(peer->socket, ZMQ_PLAIN_USERNAME, "agent", 5), 0);
        assert_int_equal(zmq_setsockopt(peer->socket, ZMQ_PLAIN_PASSWORD, "agent", 5), 0);
        return;
    case UNKNOWN_KEY:
    case KEY_OF_ANOTHER:
        curve_kit_make_pair(&own);
        if (way == KEY_OF_ANOTHER) // its public half, which is no secret
            memcpy(own.public_key, self->agent.public_key, sizeof own.public_key);
        break;
    case REMOVED_KEY:
        break;
    case NO_KEY:
    case WAYS_COUNT:
    default:
        return;
    }
    curve_kit_use_keys(peer, &own, self->server.public_key);
}

static void say_all(curve_peer_t *peer)
{
    curve_kit_hello(peer, "agent", "agent", "agent-1");
    act_header_t call = {.kind = ACT_KIND_CALL,
                         .class_ = ACT_CLASS_INTERACTIVE,
                         .id = 1,
                         .service = ACT_STR("store"),
                         .method = ACT_STR("search"),
                         .budget_ms = 5000,
                         .attempt = 1};
    curve_kit_send(peer, &call, act_str(""));
}

static void nobody_gets_in_but_with_the_right_key(void **state)
{
    curve_kit_t *self = *state;
    act_bus_pair_t removed;
    curve_kit_make_pair(&removed);
    curve_kit_allow(self, "cli", removed.public_key);
    curve_peer_t peer = curve_kit_come_with(self, &removed);
    curve_kit_hello(&peer, "cli", NULL, "cli-1");
    curve_kit_expect(self, &peer, ACT_KIND_WELCOME); // it was a good key
    curve_kit_leave(&peer);
    curve_kit_allow(self, "cli", self->cli.public_key);
    router_refresh_keys(self->router);
    broker_on_revoked(self->broker, act_str("cli"));

    int count = connects_count();
    for (int i = 0; i < count; i++) {
        peer = curve_kit_open(self);
        set_keys(self, &peer, (way_t)(i % WAYS_COUNT), &removed);
        curve_kit_go(&peer, self->tcp);
        say_all(&peer);
        curve_kit_expect_event(self, &peer, CURVE_KIT_SHUT_OUT);
        curve_kit_leave(&peer);
    }
    curve_kit_assert_nobody_came(self);
    print_message("%d connects, 0 frames read\n", count);

    peer = curve_kit_come_with(self, &self->agent); // the door is not simply shut
    say_all(&peer);
    curve_kit_expect(self, &peer, ACT_KIND_WELCOME);
    curve_kit_leave(&peer);
}

// Nobody answers libzmq's question: then nobody gets in, whatever its key (promises.md T3).
static void nobody_gets_in_when_zap_is_gone(void **state)
{
    curve_kit_t *self = *state;
    void *zmq = zmq_ctx_new(); // has no ZAP handler
    void *server = zmq_socket(zmq, ZMQ_ROUTER);
    curve_kit_set_int(server, ZMQ_LINGER, 0);
    curve_kit_set_int(server, ZMQ_CURVE_SERVER, 1);
    assert_int_equal(zmq_setsockopt(server, ZMQ_CURVE_SECRETKEY, self->server.secret_key, 41), 0);
    assert_int_equal(zmq_setsockopt(server, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)), 0);
    curve_kit_set_int(server, 93, 1); // ZMQ_ZAP_ENFORCE_DOMAIN
    assert_int_equal(zmq_bind(server, "tcp://127.0.0.1:*"), 0);
    char endpoint[96];
    size_t size_bytes = sizeof endpoint;
    assert_int_equal(zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, endpoint, &size_bytes), 0);
    int count = connects_count() / 5;
    for (int i = 0; i < count; i++) {
        curve_peer_t peer = curve_kit_open(self);
        way_t way = (way_t)(i % WAYS_COUNT);
        set_keys(self, &peer, way, &self->agent); // "removed" is the right key here
        curve_kit_go(&peer, endpoint);
        say_all(&peer);
        curve_kit_expect_event(self, &peer, CURVE_KIT_SHUT_OUT);
        curve_kit_leave(&peer);
        char bytes[64];
        assert_int_equal(zmq_recv(server, bytes, sizeof bytes, ZMQ_DONTWAIT), -1);
    }
    print_message("%d connects without ZAP, 0 frames read\n", count);
    zmq_close(server);
    zmq_ctx_term(zmq);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, curve_kit_set_up, curve_kit_tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_gets_in_but_with_the_right_key),
        TEST(nobody_gets_in_when_zap_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
