// curve_kit: a real router on its own loop; sockets of ZeroMQ stand for the peers.
#include "harness/curve_kit.h"

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

static const char table[] = "actors:\n"
                            "  - {name: store, offers: [store]}\n"
                            "  - {name: agent, offers: [agent], calls: [store.search]}\n"
                            "  - {name: cli, calls: [store.search, agent.ask]}\n";

// --- a broker with two doors -----------------------------------------------------------------------

static void on_peer(void *context, const peer_t *peer)
{
    (void)context;
    (void)peer;
}

static void on_bus_call(void *context, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)header;
    broker_answer(((curve_kit_t *)context)->broker, call_id, ACT_E_OK, body);
}

static bool send_frame(void *context, uint64_t route, const act_header_t *header,
                       const payload_t *body)
{
    return router_send(((curve_kit_t *)context)->router, route, header, body);
}

static void path_of(const curve_kit_t *self, const char *name, char *ret_path, size_t size_bytes)
{
    snprintf(ret_path, size_bytes, "%s/%s", self->folder, name);
}

void curve_kit_allow(curve_kit_t *self, const char *actor, const char *public_key)
{
    char name[64], path[128];
    snprintf(name, sizeof name, "%s.pub", actor);
    path_of(self, name, path, sizeof path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s\n", public_key);
    fclose(file);
}

void curve_kit_disallow(curve_kit_t *self, const char *actor)
{
    char name[64], path[128];
    snprintf(name, sizeof name, "%s.pub", actor);
    path_of(self, name, path, sizeof path);
    unlink(path);
}

void curve_kit_make_pair(act_bus_pair_t *pair)
{
    assert_int_equal(zmq_curve_keypair(pair->public_key, pair->secret_key), 0);
}

int curve_kit_set_up(void **state)
{
    curve_kit_t *self = act_alloc(sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/router_curve_test.XXXXXX");
    if (!mkdtemp(self->folder))
        return -1;
    snprintf(self->ipc, sizeof self->ipc, "ipc://%s/bus.sock", self->folder);
    curve_kit_make_pair(&self->server);
    curve_kit_make_pair(&self->agent);
    curve_kit_make_pair(&self->cli);
    curve_kit_allow(self, "agent", self->agent.public_key);
    curve_kit_allow(self, "cli", self->cli.public_key);
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

int curve_kit_tear_down(void **state)
{
    curve_kit_t *self = *state;
    zmq_ctx_term(self->zmq);
    broker_destroy(&self->broker);
    router_destroy(&self->router);
    act_loop_destroy(&self->loop);
    acl_destroy(&self->acl);
    curve_kit_disallow(self, "agent");
    curve_kit_disallow(self, "cli");
    char path[128];
    path_of(self, "bus.sock", path, sizeof path);
    unlink(path);
    rmdir(self->folder);
    act_free(self);
    return 0;
}

void curve_kit_turn(curve_kit_t *self)
{
    struct pollfd events = {.fd = uv_backend_fd(act_loop_uv(self->loop)), .events = POLLIN};
    (void)poll(&events, 1, 1);
    uv_update_time(act_loop_uv(self->loop));
    uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
}

const ledger_counters_t *curve_kit_counters(curve_kit_t *self)
{
    return broker_counters(self->broker);
}

// --- peers -----------------------------------------------------------------------------------------

void curve_kit_set_int(void *socket, int option, int value)
{
    assert_int_equal(zmq_setsockopt(socket, option, &value, sizeof value), 0);
}

curve_peer_t curve_kit_open(curve_kit_t *self)
{
    curve_peer_t peer = {.socket = zmq_socket(self->zmq, ZMQ_DEALER)};
    curve_kit_set_int(peer.socket, ZMQ_LINGER, 0);
    char monitor[64];
    snprintf(monitor, sizeof monitor, "inproc://monitor-%p", peer.socket);
    assert_int_equal(zmq_socket_monitor(peer.socket, monitor, ZMQ_EVENT_ALL), 0);
    peer.monitor = zmq_socket(self->zmq, ZMQ_PAIR);
    curve_kit_set_int(peer.monitor, ZMQ_LINGER, 0);
    assert_int_equal(zmq_connect(peer.monitor, monitor), 0);
    return peer;
}

void curve_kit_use_keys(curve_peer_t *peer, const act_bus_pair_t *own, const char *server_key)
{
    assert_int_equal(zmq_setsockopt(peer->socket, ZMQ_CURVE_SERVERKEY, server_key, 41), 0);
    assert_int_equal(zmq_setsockopt(peer->socket, ZMQ_CURVE_PUBLICKEY, own->public_key, 41), 0);
    assert_int_equal(zmq_setsockopt(peer->socket, ZMQ_CURVE_SECRETKEY, own->secret_key, 41), 0);
}

void curve_kit_go(curve_peer_t *peer, const char *endpoint)
{
    assert_int_equal(zmq_connect(peer->socket, endpoint), 0);
}

curve_peer_t curve_kit_come_with(curve_kit_t *self, const act_bus_pair_t *own)
{
    curve_peer_t peer = curve_kit_open(self);
    curve_kit_use_keys(&peer, own, self->server.public_key);
    curve_kit_go(&peer, self->tcp);
    return peer;
}

void curve_kit_leave(curve_peer_t *peer)
{
    zmq_socket_monitor(peer->socket, NULL, 0);
    zmq_close(peer->monitor);
    zmq_close(peer->socket);
}

void curve_kit_send(curve_peer_t *peer, const act_header_t *header, act_str_t body)
{
    act_buf_t packed;
    act_buf_init(&packed, 4096);
    act_header_pack(header, &packed);
    assert_true(zmq_send(peer->socket, packed.ptr, packed.len_bytes, ZMQ_SNDMORE) >= 0);
    assert_true(zmq_send(peer->socket, body.ptr, body.len_bytes, 0) >= 0);
    act_buf_fini(&packed);
}

void curve_kit_hello(curve_peer_t *peer, const char *actor, const char *service,
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
    curve_kit_send(peer, &header, act_buf_str(&body));
    act_buf_fini(&body);
}

// The header of the next message; its texts are not kept. False: none came.
static bool receive(curve_kit_t *self, curve_peer_t *peer, act_header_t *ret_header)
{
    for (int i = 0; i < CURVE_KIT_PATIENCE_TURNS; i++) {
        char bytes[4096], body[4096];
        int size = zmq_recv(peer->socket, bytes, sizeof bytes, ZMQ_DONTWAIT);
        if (size < 0) {
            curve_kit_turn(self);
            continue;
        }
        assert_true(zmq_recv(peer->socket, body, sizeof body, 0) >= 0);
        assert_int_equal(act_header_unpack(act_str_of(bytes, (size_t)size), ret_header), ACT_E_OK);
        return true;
    }
    return false;
}

act_header_t curve_kit_expect(curve_kit_t *self, curve_peer_t *peer, act_kind_t kind)
{
    act_header_t header = {0};
    if (!receive(self, peer, &header))
        fail_msg("no %s came", act_kind_name(kind));
    assert_int_equal(header.kind, kind);
    return header;
}

void curve_kit_expect_refused(curve_kit_t *self, curve_peer_t *peer)
{
    assert_int_equal(curve_kit_expect(self, peer, ACT_KIND_REFUSED).err, ACT_E_FORBIDDEN);
}

// Until the socket's monitor says one of these events.
int curve_kit_expect_event(curve_kit_t *self, curve_peer_t *peer, int events)
{
    for (int i = 0; i < CURVE_KIT_PATIENCE_TURNS; i++) {
        char frame[512];
        uint16_t event = 0;
        int size = zmq_recv(peer->monitor, frame, sizeof frame, ZMQ_DONTWAIT);
        if (size < 0) {
            curve_kit_turn(self);
            continue;
        }
        if (size >= 2)
            memcpy(&event, frame, sizeof event);
        (void)zmq_recv(peer->monitor, frame, sizeof frame, 0); // the address
        if (event & events)
            return event & events;
    }
    fail_msg("no event of %x came", events);
    return 0;
}

void curve_kit_assert_nobody_came(curve_kit_t *self)
{
    assert_int_equal(peers_count(broker_peers(self->broker)), 0);
    assert_int_equal(curve_kit_counters(self)->malformed, 0);
    assert_int_equal(curve_kit_counters(self)->accepted, 0);
}

void curve_kit_assert_denied(curve_kit_t *self, const char *what, const char *actor)
{
    denial_t rows[BROKER_DENIALS_MAX_COUNT];
    uint32_t count = broker_take_denials(self->broker, rows);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(rows[i].what, what) == 0 && strcmp(rows[i].actor, actor) == 0)
            return;
    fail_msg("'%s' of %s was not noted among %u", what, actor, count);
}
