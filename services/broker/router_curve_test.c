// router_curve_test (row 9, S-3, S-4): real CURVE on TCP. Who has no key, or not the right one, is not let
// in; who is in, is who its key says; what was recorded is worth nothing.
#include "router.h"

#include "actor/header.h"
#include "harness/tcp_tape.h"
#include "proto/broker.h"
#include "zap.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#define PATIENCE_TURNS 5000

static const char table[] = "actors:\n"
                            "  - {name: store, offers: [store]}\n"
                            "  - {name: agent, offers: [agent], calls: [store.search]}\n"
                            "  - {name: cli, calls: [store.search, agent.ask]}\n";

typedef struct {
    act_loop_t *loop;
    router_t *router;
    broker_t *broker;
    acl_t *acl;
    char folder[64];
    char ipc[96];
    char tcp[96];
    act_bus_pair_t server;
    act_bus_pair_t agent;
    act_bus_pair_t cli;
    void *zmq;
} fixture_t;

// --- a broker with two doors -----------------------------------------------------------------------

static void on_peer(void *context, const peer_t *peer)
{
    (void)context;
    (void)peer;
}

static void on_bus_call(void *context, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)header;
    broker_answer(((fixture_t *)context)->broker, call_id, ACT_E_OK, body);
}

static bool send_frame(void *context, uint64_t route, const act_header_t *header,
                       const payload_t *body)
{
    return router_send(((fixture_t *)context)->router, route, header, body);
}

static void path_of(const fixture_t *self, const char *name, char *ret_path, size_t size_bytes)
{
    snprintf(ret_path, size_bytes, "%s/%s", self->folder, name);
}

static void allow(fixture_t *self, const char *actor, const char *public_key)
{
    char name[64], path[128];
    snprintf(name, sizeof name, "%s.pub", actor);
    path_of(self, name, path, sizeof path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s\n", public_key);
    fclose(file);
}

static void disallow(fixture_t *self, const char *actor)
{
    char name[64], path[128];
    snprintf(name, sizeof name, "%s.pub", actor);
    path_of(self, name, path, sizeof path);
    unlink(path);
}

static void make_pair(act_bus_pair_t *pair)
{
    assert_int_equal(zmq_curve_keypair(pair->public_key, pair->secret_key), 0);
}

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/router_curve_test.XXXXXX");
    if (!mkdtemp(self->folder))
        return -1;
    snprintf(self->ipc, sizeof self->ipc, "ipc://%s/bus.sock", self->folder);
    make_pair(&self->server);
    make_pair(&self->agent);
    make_pair(&self->cli);
    allow(self, "agent", self->agent.public_key);
    allow(self, "cli", self->cli.public_key);
    self->acl = acl_new_empty();
    act_buf_t error;
    act_buf_init(&error, 1024);
    assert_int_equal(acl_add(self->acl, act_str(table), &error), ACT_E_OK);
    broker_limits_t limits = {.epoch = 7,
                              .ping_ms = 1000,
                              .lost_ms = 5000,
                              .queue_max_count = 100,
                              .queue_max_bytes = 1u << 20,
                              .attempts_max_count = 3,
                              .acl = self->acl};
    broker_io_t io = {.send = send_frame,
                      .on_hello = on_peer,
                      .on_ready = on_peer,
                      .on_bus_call = on_bus_call,
                      .context = self};
    self->loop = act_loop_new();
    self->broker = broker_new(&limits, &io);
    assert_int_equal(router_new(self->loop, self->ipc, &self->router), ACT_E_OK);
    assert_int_equal(
        router_listen(self->router, "tcp://127.0.0.1:*", &self->server, self->folder, &error),
        ACT_E_OK);
    act_buf_fini(&error);
    assert_true(router_endpoint(self->router, self->tcp, sizeof self->tcp));
    router_start(self->router, self->broker);
    self->zmq = zmq_ctx_new();
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    zmq_ctx_term(self->zmq);
    broker_destroy(&self->broker);
    router_destroy(&self->router);
    act_loop_destroy(&self->loop);
    acl_destroy(&self->acl);
    disallow(self, "agent");
    disallow(self, "cli");
    char path[128];
    path_of(self, "bus.sock", path, sizeof path);
    unlink(path);
    rmdir(self->folder);
    act_free(self);
    return 0;
}

static void turn(fixture_t *self)
{
    struct pollfd events = {.fd = uv_backend_fd(act_loop_uv(self->loop)), .events = POLLIN};
    (void)poll(&events, 1, 1);
    uv_update_time(act_loop_uv(self->loop));
    uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
}

static const ledger_counters_t *counters(fixture_t *self)
{
    return broker_counters(self->broker);
}

// --- peers -----------------------------------------------------------------------------------------

typedef struct {
    void *socket;
    void *monitor;
} peer_socket_t;

static void set_int(void *socket, int option, int value)
{
    assert_int_equal(zmq_setsockopt(socket, option, &value, sizeof value), 0);
}

static peer_socket_t open_peer(fixture_t *self)
{
    peer_socket_t peer = {.socket = zmq_socket(self->zmq, ZMQ_DEALER)};
    set_int(peer.socket, ZMQ_LINGER, 0);
    char monitor[64];
    snprintf(monitor, sizeof monitor, "inproc://monitor-%p", peer.socket);
    assert_int_equal(zmq_socket_monitor(peer.socket, monitor, ZMQ_EVENT_ALL), 0);
    peer.monitor = zmq_socket(self->zmq, ZMQ_PAIR);
    set_int(peer.monitor, ZMQ_LINGER, 0);
    assert_int_equal(zmq_connect(peer.monitor, monitor), 0);
    return peer;
}

static void use_keys(peer_socket_t *peer, const act_bus_pair_t *own, const char *server_key)
{
    assert_int_equal(zmq_setsockopt(peer->socket, ZMQ_CURVE_SERVERKEY, server_key, 41), 0);
    assert_int_equal(zmq_setsockopt(peer->socket, ZMQ_CURVE_PUBLICKEY, own->public_key, 41), 0);
    assert_int_equal(zmq_setsockopt(peer->socket, ZMQ_CURVE_SECRETKEY, own->secret_key, 41), 0);
}

static void go(peer_socket_t *peer, const char *endpoint)
{
    assert_int_equal(zmq_connect(peer->socket, endpoint), 0);
}

static peer_socket_t come_with(fixture_t *self, const act_bus_pair_t *own)
{
    peer_socket_t peer = open_peer(self);
    use_keys(&peer, own, self->server.public_key);
    go(&peer, self->tcp);
    return peer;
}

static void leave(peer_socket_t *peer)
{
    zmq_socket_monitor(peer->socket, NULL, 0);
    zmq_close(peer->monitor);
    zmq_close(peer->socket);
}

static void send_header(peer_socket_t *peer, const act_header_t *header, act_str_t body)
{
    act_buf_t packed;
    act_buf_init(&packed, 4096);
    act_header_pack(header, &packed);
    assert_true(zmq_send(peer->socket, packed.ptr, packed.len_bytes, ZMQ_SNDMORE) >= 0);
    assert_true(zmq_send(peer->socket, body.ptr, body.len_bytes, 0) >= 0);
    act_buf_fini(&packed);
}

static void say_hello(peer_socket_t *peer, const char *actor, const char *service,
                      const char *instance)
{
    hello_t hello = {.actor = act_str(actor),
                     .instance = act_str(instance),
                     .service = act_str(service),
                     .pid = 1,
                     .is_ready = true};
    act_buf_t body;
    act_buf_init(&body, 4096);
    hello_pack(&hello, &body);
    act_header_t header = {.kind = ACT_KIND_HELLO, .credit_messages = 8, .credit_bytes = 65536};
    send_header(peer, &header, act_buf_str(&body));
    act_buf_fini(&body);
}

// The header of the next message; its texts are not kept. False: none came.
static bool receive(fixture_t *self, peer_socket_t *peer, act_header_t *ret_header)
{
    for (int i = 0; i < PATIENCE_TURNS; i++) {
        char bytes[4096], body[4096];
        int size = zmq_recv(peer->socket, bytes, sizeof bytes, ZMQ_DONTWAIT);
        if (size < 0) {
            turn(self);
            continue;
        }
        assert_true(zmq_recv(peer->socket, body, sizeof body, 0) >= 0);
        assert_int_equal(act_header_unpack(act_str_of(bytes, (size_t)size), ret_header), ACT_E_OK);
        return true;
    }
    return false;
}

static act_header_t expect(fixture_t *self, peer_socket_t *peer, act_kind_t kind)
{
    act_header_t header = {0};
    if (!receive(self, peer, &header))
        fail_msg("no %s came", act_kind_name(kind));
    assert_int_equal(header.kind, kind);
    return header;
}

static void expect_refused(fixture_t *self, peer_socket_t *peer)
{
    assert_int_equal(expect(self, peer, ACT_KIND_REFUSED).err, ACT_E_FORBIDDEN);
}

// Until the socket's monitor says one of these events.
static void expect_event(fixture_t *self, peer_socket_t *peer, int events)
{
    for (int i = 0; i < PATIENCE_TURNS; i++) {
        char frame[512];
        uint16_t event = 0;
        int size = zmq_recv(peer->monitor, frame, sizeof frame, ZMQ_DONTWAIT);
        if (size < 0) {
            turn(self);
            continue;
        }
        if (size >= 2)
            memcpy(&event, frame, sizeof event);
        (void)zmq_recv(peer->monitor, frame, sizeof frame, 0); // the address
        if (event & events)
            return;
    }
    fail_msg("no event of %x came", events);
}

static const int shut_out = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                            ZMQ_EVENT_DISCONNECTED;

static void assert_nobody_came(fixture_t *self)
{
    assert_int_equal(peers_count(broker_peers(self->broker)), 0);
    assert_int_equal(counters(self)->malformed, 0);
    assert_int_equal(counters(self)->accepted, 0);
}

static void assert_denied(fixture_t *self, const char *what, const char *actor)
{
    denial_t rows[BROKER_DENIALS_MAX_COUNT];
    uint32_t count = broker_take_denials(self->broker, rows);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(rows[i].what, what) == 0 && strcmp(rows[i].actor, actor) == 0)
            return;
    fail_msg("'%s' of %s was not noted among %u", what, actor, count);
}

// --- who gets in -----------------------------------------------------------------------------------

static void right_key_is_who_it_says(void **state)
{
    fixture_t *self = *state;
    peer_socket_t peer = come_with(self, &self->agent);
    say_hello(&peer, "agent", "agent", "agent-1");
    expect(self, &peer, ACT_KIND_WELCOME);
    peer_t *known = peers_find_instance(broker_peers(self->broker), act_str("agent-1"));
    assert_non_null(known);
    assert_true(known->is_remote);
    assert_string_equal(known->actor, "agent");
    assert_int_equal(counters(self)->denied, 0);
    leave(&peer);
}

static void wrong_key(void **state)
{
    fixture_t *self = *state;
    act_bus_pair_t own;
    make_pair(&own);
    peer_socket_t peer = come_with(self, &own);
    say_hello(&peer, "agent", "agent", "agent-1");
    expect_event(self, &peer, shut_out);
    assert_nobody_came(self);
    assert_true(counters(self)->denied >= 1);
    assert_denied(self, "connect", "(unknown key)");
    leave(&peer);
}

// The public key of somebody is no secret; without the other half it opens nothing.
static void public_key_of_another(void **state)
{
    fixture_t *self = *state;
    act_bus_pair_t own;
    make_pair(&own);
    memcpy(own.public_key, self->agent.public_key, sizeof own.public_key);
    peer_socket_t peer = come_with(self, &own);
    say_hello(&peer, "agent", "agent", "agent-1");
    expect_event(self, &peer, shut_out);
    assert_nobody_came(self);
    leave(&peer);
}

static void wrong_server_key(void **state)
{
    fixture_t *self = *state;
    act_bus_pair_t other;
    make_pair(&other);
    peer_socket_t peer = open_peer(self);
    use_keys(&peer, &self->agent, other.public_key);
    go(&peer, self->tcp);
    expect_event(self, &peer, shut_out);
    assert_nobody_came(self);
    leave(&peer);
}

static void no_key_at_all(void **state)
{
    fixture_t *self = *state;
    peer_socket_t peer = open_peer(self);
    go(&peer, self->tcp);
    expect_event(self, &peer, shut_out);
    assert_nobody_came(self);
    leave(&peer);
}

static void name_and_password_instead_of_a_key(void **state)
{
    fixture_t *self = *state;
    peer_socket_t peer = open_peer(self);
    assert_int_equal(zmq_setsockopt(peer.socket, ZMQ_PLAIN_USERNAME, "agent", 5), 0);
    assert_int_equal(zmq_setsockopt(peer.socket, ZMQ_PLAIN_PASSWORD, "agent", 5), 0);
    go(&peer, self->tcp);
    expect_event(self, &peer, shut_out);
    assert_nobody_came(self);
    leave(&peer);
}

// --- unknown key with and without domain -------------------------------------------------------------

// What libzmq does by itself, and why zap.c and option 93 are there (promises.md T3).
static bool lets_unknown_key_in(fixture_t *self, bool has_domain, bool is_enforced)
{
    void *zmq = zmq_ctx_new(); // no ZAP handler in this one
    void *server = zmq_socket(zmq, ZMQ_ROUTER);
    set_int(server, ZMQ_LINGER, 0);
    set_int(server, ZMQ_CURVE_SERVER, 1);
    assert_int_equal(zmq_setsockopt(server, ZMQ_CURVE_SECRETKEY, self->server.secret_key, 41), 0);
    if (has_domain)
        assert_int_equal(zmq_setsockopt(server, ZMQ_ZAP_DOMAIN, "parley", 6), 0);
    set_int(server, 93, is_enforced);
    assert_int_equal(zmq_bind(server, "tcp://127.0.0.1:*"), 0);
    char endpoint[96];
    size_t size_bytes = sizeof endpoint;
    assert_int_equal(zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, endpoint, &size_bytes), 0);
    act_bus_pair_t own;
    make_pair(&own);
    peer_socket_t peer = open_peer(self);
    use_keys(&peer, &own, self->server.public_key);
    go(&peer, endpoint);
    expect_event(self, &peer, shut_out | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    assert_true(zmq_send(peer.socket, "x", 1, ZMQ_DONTWAIT) >= 0 || !is_enforced);
    set_int(server, ZMQ_RCVTIMEO, is_enforced ? 100 : 5000);
    char byte[16];
    bool came = zmq_recv(server, byte, sizeof byte, 0) >= 0;
    leave(&peer);
    zmq_close(server);
    zmq_ctx_term(zmq);
    return came;
}

static void unknown_key_with_and_without_domain(void **state)
{
    fixture_t *self = *state;
    assert_true(lets_unknown_key_in(self, /* has_domain= */ false, /* is_enforced= */ false));
    assert_true(lets_unknown_key_in(self, /* has_domain= */ true, /* is_enforced= */ false));
    assert_false(lets_unknown_key_in(self, /* has_domain= */ true, /* is_enforced= */ true));
}

// --- what they may do ------------------------------------------------------------------------------

static void hello_with_anothers_name(void **state)
{
    fixture_t *self = *state;
    peer_socket_t peer = come_with(self, &self->agent);
    say_hello(&peer, "store", "store", "store-1");
    expect_refused(self, &peer);
    assert_denied(self, "name of another actor", "agent");
    assert_nobody_came(self);
    leave(&peer);
}

static void offer_of_anothers_service(void **state)
{
    fixture_t *self = *state;
    peer_socket_t peer = come_with(self, &self->agent);
    say_hello(&peer, "agent", "store", "agent-1");
    expect_refused(self, &peer);
    assert_denied(self, "offer", "agent");
    leave(&peer);
}

static void right_key_wrong_service(void **state)
{
    fixture_t *self = *state;
    peer_socket_t peer = come_with(self, &self->agent);
    say_hello(&peer, "agent", "agent", "agent-1");
    expect(self, &peer, ACT_KIND_WELCOME);
    act_header_t header = {.kind = ACT_KIND_CALL,
                           .class_ = ACT_CLASS_INTERACTIVE,
                           .id = 5,
                           .service = ACT_STR("bus"),
                           .method = ACT_STR("shutdown"),
                           .budget_ms = 5000,
                           .attempt = 1};
    send_header(&peer, &header, act_str(""));
    act_header_t answer = expect(self, &peer, ACT_KIND_ERROR);
    assert_int_equal(answer.err, ACT_E_FORBIDDEN);
    assert_int_equal(answer.id, 5);
    assert_denied(self, "call", "agent");
    leave(&peer);
}

// --- routing ids -----------------------------------------------------------------------------------

static void wait_for_denied(fixture_t *self, uint64_t count)
{
    for (int i = 0; i < PATIENCE_TURNS && counters(self)->denied < count; i++)
        turn(self);
    assert_true(counters(self)->denied >= count);
}

static void forged_routing_id(void **state)
{
    fixture_t *self = *state;
    peer_socket_t victim = come_with(self, &self->cli);
    say_hello(&victim, "cli", NULL, "cli-1");
    expect(self, &victim, ACT_KIND_WELCOME);
    const peer_t *known = peers_find_instance(broker_peers(self->broker), act_str("cli-1"));
    uint64_t id = known->route >> 8;
    leave(&victim); // its name is still known: it may come back

    peer_socket_t forger = open_peer(self);
    use_keys(&forger, &self->agent, self->server.public_key);
    assert_int_equal(zmq_setsockopt(forger.socket, ZMQ_ROUTING_ID, &id, 5), 0);
    go(&forger, self->tcp);
    act_header_t header = {.kind = ACT_KIND_CALL,
                           .class_ = ACT_CLASS_INTERACTIVE,
                           .id = 6,
                           .service = ACT_STR("agent"),
                           .method = ACT_STR("ask"),
                           .budget_ms = 5000,
                           .attempt = 1};
    // A connection under an id that is taken is ignored as a whole, so it may need a second one.
    for (int i = 0; i < 200 && counters(self)->denied == 0; i++) {
        assert_int_equal(zmq_disconnect(forger.socket, self->tcp), 0);
        go(&forger, self->tcp);
        send_header(&forger, &header, act_str(""));
        for (int j = 0; j < 20; j++)
            turn(self);
    }
    wait_for_denied(self, 1);
    assert_denied(self, "frame of another", "agent");
    assert_int_equal(counters(self)->accepted, 0);
    leave(&forger);
}

static void routing_id_of_ones_own_making(void **state)
{
    fixture_t *self = *state;
    peer_socket_t peer = open_peer(self);
    use_keys(&peer, &self->agent, self->server.public_key);
    assert_int_equal(zmq_setsockopt(peer.socket, ZMQ_ROUTING_ID, "agent-1", 7), 0);
    go(&peer, self->tcp);
    say_hello(&peer, "agent", "agent", "agent-1");
    for (int i = 0; i < PATIENCE_TURNS && counters(self)->malformed == 0; i++)
        turn(self);
    assert_int_equal(counters(self)->malformed, 1);
    assert_int_equal(peers_count(broker_peers(self->broker)), 0);
    leave(&peer);
}

// --- keys that go and change -------------------------------------------------------------------------

static void a_removed_key_is_out_at_once_and_for_good(void **state)
{
    fixture_t *self = *state;
    peer_socket_t peer = come_with(self, &self->agent);
    say_hello(&peer, "agent", "agent", "agent-1");
    expect(self, &peer, ACT_KIND_WELCOME);
    disallow(self, "agent");
    router_refresh_keys(self->router);
    assert_int_equal(peers_count(broker_peers(self->broker)), 0);
    say_hello(&peer, "agent", "agent", "agent-1");
    expect_refused(self, &peer);
    assert_denied(self, "key was removed", "agent");
    leave(&peer);
    peer = come_with(self, &self->agent);
    expect_event(self, &peer, shut_out);
    assert_nobody_came(self);
    leave(&peer);
}

static void key_change_without_restart(void **state)
{
    fixture_t *self = *state;
    act_bus_pair_t next;
    make_pair(&next);
    peer_socket_t old = come_with(self, &self->agent);
    say_hello(&old, "agent", "agent", "agent-1");
    expect(self, &old, ACT_KIND_WELCOME);
    allow(self, "agent", next.public_key); // nobody says anything: the folder is looked at
    peer_socket_t fresh = come_with(self, &next);
    say_hello(&fresh, "agent", "agent", "agent-2");
    expect(self, &fresh, ACT_KIND_WELCOME);
    say_hello(&old, "agent", "agent", "agent-1");
    expect_refused(self, &old);
    leave(&old);
    leave(&fresh);
}

// --- what was recorded -------------------------------------------------------------------------------

static void turn_tape(void *context)
{
    turn(context);
}

static void replayed_frames(void **state)
{
    fixture_t *self = *state;
    int port = atoi(strrchr(self->tcp, ':') + 1);
    tcp_tape_t *tape = tcp_tape_new(port, turn_tape, self);
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", tcp_tape_port(tape));
    peer_socket_t peer = open_peer(self);
    use_keys(&peer, &self->agent, self->server.public_key);
    go(&peer, endpoint);
    say_hello(&peer, "agent", "agent", "agent-1");
    act_header_t header = {0};
    for (int i = 0; i < PATIENCE_TURNS && header.kind == 0; i++) {
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
    uint64_t heard = counters(self)->malformed + counters(self)->denied;
    tcp_tape_repeat_last(tape);
    assert_true(tcp_tape_until_closed(tape));
    assert_int_equal(counters(self)->malformed + counters(self)->denied, heard);
    // And the whole conversation on a new one: its keys are others.
    broker_on_revoked(self->broker, act_str("agent")); // so that a HELLO that came through is seen
    assert_int_equal(peers_count(broker_peers(self->broker)), 0);
    assert_true(tcp_tape_replay(tape));
    assert_int_equal(peers_count(broker_peers(self->broker)), 0);
    leave(&peer);
    tcp_tape_destroy(&tape);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
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
