// router_curve_test (row 9, S-3, S-4): real CURVE on TCP. Who has no key, or not the right one, is not let
// in; who is in, is who its key says; what was recorded is worth nothing.
#include "harness/curve_kit.h"
#include "harness/tcp_tape.h"
#include "proto/broker.h"
#include "zap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- who gets in -----------------------------------------------------------------------------------

static void right_key_is_who_it_says(void **state)
{
    curve_kit_t *self = *state;
    curve_peer_t peer = curve_kit_come_with(self, &self->agent);
    curve_kit_hello(&peer, "agent", "agent", "agent-1");
    curve_kit_expect(self, &peer, ACT_KIND_WELCOME);
    peer_t *known = peers_find_instance(broker_peers(self->broker), act_str("agent-1"));
    assert_non_null(known);
    assert_true(known->is_remote);
    assert_string_equal(known->actor, "agent");
    assert_int_equal(curve_kit_counters(self)->denied, 0);
    curve_kit_leave(&peer);
}

static void wrong_key(void **state)
{
    curve_kit_t *self = *state;
    act_bus_pair_t own;
    curve_kit_make_pair(&own);
    curve_peer_t peer = curve_kit_come_with(self, &own);
    curve_kit_hello(&peer, "agent", "agent", "agent-1");
    curve_kit_expect_event(self, &peer, CURVE_KIT_SHUT_OUT);
    curve_kit_assert_nobody_came(self);
    assert_true(curve_kit_counters(self)->denied >= 1);
    curve_kit_assert_denied(self, "connect", "(unknown key)");
    curve_kit_leave(&peer);
}

// The public key of somebody is no secret; without the other half it opens nothing.
static void public_key_of_another(void **state)
{
    curve_kit_t *self = *state;
    act_bus_pair_t own;
    curve_kit_make_pair(&own);
    memcpy(own.public_key, self->agent.public_key, sizeof own.public_key);
    curve_peer_t peer = curve_kit_come_with(self, &own);
    curve_kit_hello(&peer, "agent", "agent", "agent-1");
    curve_kit_expect_event(self, &peer, CURVE_KIT_SHUT_OUT);
    curve_kit_assert_nobody_came(self);
    curve_kit_leave(&peer);
}

static void wrong_server_key(void **state)
{
    curve_kit_t *self = *state;
    act_bus_pair_t other;
    curve_kit_make_pair(&other);
    curve_peer_t peer = curve_kit_open(self);
    curve_kit_use_keys(&peer, &self->agent, other.public_key);
    curve_kit_go(&peer, self->tcp);
    curve_kit_expect_event(self, &peer, CURVE_KIT_SHUT_OUT);
    curve_kit_assert_nobody_came(self);
    curve_kit_leave(&peer);
}

static void no_key_at_all(void **state)
{
    curve_kit_t *self = *state;
    curve_peer_t peer = curve_kit_open(self);
    curve_kit_go(&peer, self->tcp);
    curve_kit_expect_event(self, &peer, CURVE_KIT_SHUT_OUT);
    curve_kit_assert_nobody_came(self);
    curve_kit_leave(&peer);
}

static void name_and_password_instead_of_a_key(void **state)
{
    curve_kit_t *self = *state;
    curve_peer_t peer = curve_kit_open(self);
    assert_int_equal(zmq_setsockopt(peer.socket, ZMQ_PLAIN_USERNAME, "agent", 5), 0);
    assert_int_equal(zmq_setsockopt(peer.socket, ZMQ_PLAIN_PASSWORD, "agent", 5), 0);
    curve_kit_go(&peer, self->tcp);
    curve_kit_expect_event(self, &peer, CURVE_KIT_SHUT_OUT);
    curve_kit_assert_nobody_came(self);
    curve_kit_leave(&peer);
}

// --- unknown key with and without domain -------------------------------------------------------------

// What libzmq does by itself, and why zap.c and option 93 are there (promises.md T3).
static bool lets_unknown_key_in(curve_kit_t *self, bool has_domain, bool is_enforced)
{
    void *zmq = zmq_ctx_new(); // no ZAP handler in this one
    void *server = zmq_socket(zmq, ZMQ_ROUTER);
    curve_kit_set_int(server, ZMQ_LINGER, 0);
    curve_kit_set_int(server, ZMQ_CURVE_SERVER, 1);
    assert_int_equal(zmq_setsockopt(server, ZMQ_CURVE_SECRETKEY, self->server.secret_key, 41), 0);
    if (has_domain)
        assert_int_equal(zmq_setsockopt(server, ZMQ_ZAP_DOMAIN, "parley", 6), 0);
    curve_kit_set_int(server, 93, is_enforced);
    assert_int_equal(zmq_bind(server, "tcp://127.0.0.1:*"), 0);
    char endpoint[96];
    size_t size_bytes = sizeof endpoint;
    assert_int_equal(zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, endpoint, &size_bytes), 0);
    act_bus_pair_t own;
    curve_kit_make_pair(&own);
    curve_peer_t peer = curve_kit_open(self);
    curve_kit_use_keys(&peer, &own, self->server.public_key);
    curve_kit_go(&peer, endpoint);
    curve_kit_expect_event(self, &peer, CURVE_KIT_SHUT_OUT | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    assert_true(zmq_send(peer.socket, "x", 1, ZMQ_DONTWAIT) >= 0 || !is_enforced);
    curve_kit_set_int(server, ZMQ_RCVTIMEO, is_enforced ? 100 : 5000);
    char byte[16];
    bool came = zmq_recv(server, byte, sizeof byte, 0) >= 0;
    curve_kit_leave(&peer);
    zmq_close(server);
    zmq_ctx_term(zmq);
    return came;
}

static void unknown_key_with_and_without_domain(void **state)
{
    curve_kit_t *self = *state;
    assert_true(lets_unknown_key_in(self, /* has_domain= */ false, /* is_enforced= */ false));
    assert_true(lets_unknown_key_in(self, /* has_domain= */ true, /* is_enforced= */ false));
    assert_false(lets_unknown_key_in(self, /* has_domain= */ true, /* is_enforced= */ true));
}

// --- what they may do ------------------------------------------------------------------------------

static void hello_with_anothers_name(void **state)
{
    curve_kit_t *self = *state;
    curve_peer_t peer = curve_kit_come_with(self, &self->agent);
    curve_kit_hello(&peer, "store", "store", "store-1");
    curve_kit_expect_refused(self, &peer);
    curve_kit_assert_denied(self, "name of another actor", "agent");
    curve_kit_assert_nobody_came(self);
    curve_kit_leave(&peer);
}

static void offer_of_anothers_service(void **state)
{
    curve_kit_t *self = *state;
    curve_peer_t peer = curve_kit_come_with(self, &self->agent);
    curve_kit_hello(&peer, "agent", "store", "agent-1");
    curve_kit_expect_refused(self, &peer);
    curve_kit_assert_denied(self, "offer", "agent");
    curve_kit_leave(&peer);
}

static void right_key_wrong_service(void **state)
{
    curve_kit_t *self = *state;
    curve_peer_t peer = curve_kit_come_with(self, &self->agent);
    curve_kit_hello(&peer, "agent", "agent", "agent-1");
    curve_kit_expect(self, &peer, ACT_KIND_WELCOME);
    act_header_t header = {.kind = ACT_KIND_CALL,
                           .class_ = ACT_CLASS_INTERACTIVE,
                           .id = 5,
                           .service = ACT_STR("bus"),
                           .method = ACT_STR("shutdown"),
                           .budget_ms = 5000,
                           .attempt = 1};
    curve_kit_send(&peer, &header, act_str(""));
    act_header_t answer = curve_kit_expect(self, &peer, ACT_KIND_ERROR);
    assert_int_equal(answer.err, ACT_E_FORBIDDEN);
    assert_int_equal(answer.id, 5);
    curve_kit_assert_denied(self, "call", "agent");
    curve_kit_leave(&peer);
}

// --- routing ids -----------------------------------------------------------------------------------

static void wait_for_denied(curve_kit_t *self, uint64_t count)
{
    for (int i = 0; i < CURVE_KIT_PATIENCE_TURNS && curve_kit_counters(self)->denied < count; i++)
        curve_kit_turn(self);
    assert_true(curve_kit_counters(self)->denied >= count);
}

static void forged_routing_id(void **state)
{
    curve_kit_t *self = *state;
    curve_peer_t victim = curve_kit_come_with(self, &self->cli);
    curve_kit_hello(&victim, "cli", NULL, "cli-1");
    curve_kit_expect(self, &victim, ACT_KIND_WELCOME);
    const peer_t *known = peers_find_instance(broker_peers(self->broker), act_str("cli-1"));
    uint64_t id = known->route >> 8;
    curve_kit_leave(&victim); // its name is still known: it may come back

    curve_peer_t forger = curve_kit_open(self);
    curve_kit_use_keys(&forger, &self->agent, self->server.public_key);
    assert_int_equal(zmq_setsockopt(forger.socket, ZMQ_ROUTING_ID, &id, 5), 0);
    curve_kit_go(&forger, self->tcp);
    act_header_t header = {.kind = ACT_KIND_CALL,
                           .class_ = ACT_CLASS_INTERACTIVE,
                           .id = 6,
                           .service = ACT_STR("agent"),
                           .method = ACT_STR("ask"),
                           .budget_ms = 5000,
                           .attempt = 1};
    // A connection under an id that is taken is ignored as a whole, so it may need a second one.
    for (int i = 0; i < 200 && curve_kit_counters(self)->denied == 0; i++) {
        assert_int_equal(zmq_disconnect(forger.socket, self->tcp), 0);
        curve_kit_go(&forger, self->tcp);
        curve_kit_send(&forger, &header, act_str(""));
        for (int j = 0; j < 20; j++)
            curve_kit_turn(self);
    }
    wait_for_denied(self, 1);
    curve_kit_assert_denied(self, "frame of another", "agent");
    assert_int_equal(curve_kit_counters(self)->accepted, 0);
    curve_kit_leave(&forger);
}

static void routing_id_of_ones_own_making(void **state)
{
    curve_kit_t *self = *state;
    curve_peer_t peer = curve_kit_open(self);
    curve_kit_use_keys(&peer, &self->agent, self->server.public_key);
    assert_int_equal(zmq_setsockopt(peer.socket, ZMQ_ROUTING_ID, "agent-1", 7), 0);
    curve_kit_go(&peer, self->tcp);
    curve_kit_hello(&peer, "agent", "agent", "agent-1");
    for (int i = 0; i < CURVE_KIT_PATIENCE_TURNS && curve_kit_counters(self)->malformed == 0; i++)
        curve_kit_turn(self);
    assert_int_equal(curve_kit_counters(self)->malformed, 1);
    assert_int_equal(peers_count(broker_peers(self->broker)), 0);
    curve_kit_leave(&peer);
}

// --- keys that go and change -------------------------------------------------------------------------

static void a_removed_key_is_out_at_once_and_for_good(void **state)
{
    curve_kit_t *self = *state;
    curve_peer_t peer = curve_kit_come_with(self, &self->agent);
    curve_kit_hello(&peer, "agent", "agent", "agent-1");
    curve_kit_expect(self, &peer, ACT_KIND_WELCOME);
    curve_kit_disallow(self, "agent");
    router_refresh_keys(self->router);
    assert_int_equal(peers_count(broker_peers(self->broker)), 0);
    curve_kit_hello(&peer, "agent", "agent", "agent-1");
    curve_kit_expect_refused(self, &peer);
    curve_kit_assert_denied(self, "key was removed", "agent");
    curve_kit_leave(&peer);
    peer = curve_kit_come_with(self, &self->agent);
    curve_kit_expect_event(self, &peer, CURVE_KIT_SHUT_OUT);
    curve_kit_assert_nobody_came(self);
    curve_kit_leave(&peer);
}

static void key_change_without_restart(void **state)
{
    curve_kit_t *self = *state;
    act_bus_pair_t next;
    curve_kit_make_pair(&next);
    curve_peer_t old = curve_kit_come_with(self, &self->agent);
    curve_kit_hello(&old, "agent", "agent", "agent-1");
    curve_kit_expect(self, &old, ACT_KIND_WELCOME);
    curve_kit_allow(self, "agent",
                    next.public_key); // nobody says anything: the folder is looked at
    curve_peer_t fresh = curve_kit_come_with(self, &next);
    curve_kit_hello(&fresh, "agent", "agent", "agent-2");
    curve_kit_expect(self, &fresh, ACT_KIND_WELCOME);
    curve_kit_hello(&old, "agent", "agent", "agent-1");
    curve_kit_expect_refused(self, &old);
    curve_kit_leave(&old);
    curve_kit_leave(&fresh);
}

// --- what was recorded -------------------------------------------------------------------------------

static void turn_tape(void *context)
{
    curve_kit_turn(context);
}

static void replayed_frames(void **state)
{
    curve_kit_t *self = *state;
    int port = atoi(strrchr(self->tcp, ':') + 1);
    tcp_tape_t *tape = tcp_tape_new(port, turn_tape, self);
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", tcp_tape_port(tape));
    curve_peer_t peer = curve_kit_open(self);
    curve_kit_use_keys(&peer, &self->agent, self->server.public_key);
    curve_kit_go(&peer, endpoint);
    curve_kit_hello(&peer, "agent", "agent", "agent-1");
    act_header_t header = {0};
    for (int i = 0; i < CURVE_KIT_PATIENCE_TURNS && header.kind == 0; i++) {
        char bytes[4096];
        tcp_tape_turn(tape);
        int size = zmq_recv(peer.socket, bytes, sizeof bytes, ZMQ_DONTWAIT);
        if (size > 0)
            assert_int_equal(act_header_unpack(act_str_of(bytes, (size_t)size), &header), ACT_E_OK);
    }
    assert_int_equal(header.kind, ACT_KIND_WELCOME);
    assert_true(tcp_tape_bytes(tape) > 500); // greeting, handshake, HELLO
    assert_int_equal(peers_count(broker_peers(self->broker)), 1);

    // The last frame once more on the same connection: its number has been used.
    uint64_t heard = curve_kit_counters(self)->malformed + curve_kit_counters(self)->denied;
    tcp_tape_repeat_last(tape);
    assert_true(tcp_tape_until_closed(tape));
    assert_int_equal(curve_kit_counters(self)->malformed + curve_kit_counters(self)->denied, heard);
    // And the whole conversation on a new one: its keys are others.
    broker_on_revoked(self->broker, act_str("agent")); // so that a HELLO that came through is seen
    assert_int_equal(peers_count(broker_peers(self->broker)), 0);
    assert_true(tcp_tape_replay(tape));
    assert_int_equal(peers_count(broker_peers(self->broker)), 0);
    curve_kit_leave(&peer);
    tcp_tape_destroy(&tape);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, curve_kit_set_up, curve_kit_tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(right_key_is_who_it_says),
        TEST(wrong_key),
        TEST(public_key_of_another),
        TEST(wrong_server_key),
        TEST(no_key_at_all),
        TEST(name_and_password_instead_of_a_key),
        TEST(unknown_key_with_and_without_domain),
        TEST(hello_with_anothers_name),
        TEST(offer_of_anothers_service),
        TEST(right_key_wrong_service),
        TEST(forged_routing_id),
        TEST(routing_id_of_ones_own_making),
        TEST(a_removed_key_is_out_at_once_and_for_good),
        TEST(key_change_without_restart),
        TEST(replayed_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
