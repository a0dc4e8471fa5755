// broker_access_test (row 9): what a peer may do follows from what its transport proved, never from
// what a frame says; each refusal is answered, counted and noted.
#include "harness/broker_kit.h"
#include "proto/broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { STORE = 1, AGENT = 2, OTHER = 3, CLI = 4 };

static const char table[] =
    "actors:\n"
    "  - {name: store, offers: [store]}\n"
    "  - {name: agent, offers: [agent], calls: [store.search], publishes: ['turn/*']}\n"
    "  - {name: cli, calls: [store.search, agent.ask], subscribes: ['turn/*']}\n";

typedef struct {
    acl_t *acl;
    broker_kit_t *kit;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->acl = acl_new_empty();
    act_buf_t error;
    act_buf_init(&error, 1024);
    assert_int_equal(acl_add(self->acl, act_str(table), &error), ACT_E_OK);
    act_buf_fini(&error);
    broker_limits_t limits = broker_kit_limits;
    limits.acl = self->acl;
    self->kit = broker_kit_new(&limits);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    broker_kit_assert_conserved(self->kit);
    broker_kit_destroy(&self->kit);
    acl_destroy(&self->acl);
    act_free(self);
    return 0;
}

// From here on frames come over a connection with the key of this actor; "" is the folder.
static void come_as(fixture_t *self, const char *actor)
{
    broker_set_sender(self->kit->broker, act_str(actor));
}

static void say_hello(fixture_t *self, uint64_t route, const char *actor, const char *service,
                      const char *instance)
{
    hello_t hello = {.actor = act_str(actor),
                     .instance = act_str(instance),
                     .service = act_str(service),
                     .pid = (int32_t)route,
                     .pid_start = route,
                     .is_ready = true};
    act_buf_t body;
    act_buf_init(&body, 4096);
    hello_pack(&hello, &body);
    act_header_t header = {.kind = ACT_KIND_HELLO, .credit_messages = 8, .credit_bytes = 1u << 20};
    broker_kit_send(self->kit, route, &header, act_buf_str(&body));
    act_buf_fini(&body);
}

static void welcome(fixture_t *self, uint64_t route, const char *actor, const char *service,
                    const char *instance)
{
    say_hello(self, route, actor, service, instance);
    broker_kit_expect(self->kit, route, ACT_KIND_WELCOME);
}

static void call(fixture_t *self, uint64_t route, uint64_t id, const char *service,
                 const char *method)
{
    act_header_t header = broker_kit_call_header(id, service, NULL);
    header.method = act_str(method);
    broker_kit_send(self->kit, route, &header, act_str(""));
}

static void assert_denied(fixture_t *self, const char *what, const char *actor)
{
    denial_t rows[BROKER_DENIALS_MAX_COUNT];
    assert_int_equal(broker_take_denials(self->kit->broker, rows), 1);
    assert_string_equal(rows[0].what, what);
    assert_string_equal(rows[0].actor, actor);
}

static uint64_t denied_count(fixture_t *self)
{
    return broker_counters(self->kit->broker)->denied;
}

static void assert_refused(fixture_t *self, uint64_t route)
{
    kit_frame_t frame = broker_kit_expect(self->kit, route, ACT_KIND_REFUSED);
    assert_int_equal(frame.header.err, ACT_E_FORBIDDEN);
    assert_int_equal(broker_kit_count(self->kit, route, ACT_KIND_WELCOME), 0);
    assert_null(broker_kit_peer(self->kit, route));
}

static void allowed_calls_pass_and_others_are_forbidden(void **state)
{
    fixture_t *self = *state;
    welcome(self, STORE, "store", "store", "store-1");
    welcome(self, AGENT, "agent", "agent", "agent-1");
    call(self, AGENT, 1, "store", "search");
    broker_kit_serve(self->kit, STORE);
    broker_kit_expect(self->kit, AGENT, ACT_KIND_REPLY);

    call(self, AGENT, 2, "store", "drop");
    assert_int_equal(broker_kit_expect_error(self->kit, AGENT, 2), ACT_E_FORBIDDEN);
    assert_int_equal(broker_kit_count(self->kit, STORE, ACT_KIND_CALL), 0);
    assert_denied(self, "call", "agent");
    call(self, AGENT, 3, "bus", "shutdown");
    assert_int_equal(broker_kit_expect_error(self->kit, AGENT, 3), ACT_E_FORBIDDEN);
    assert_int_equal(self->kit->bus_call_id, 0);
    assert_int_equal(denied_count(self), 2);
    assert_int_equal(broker_counters(self->kit->broker)->accepted, 1);
}

static void right_key_wrong_service(void **state)
{
    fixture_t *self = *state;
    come_as(self, "agent");
    welcome(self, AGENT, "agent", "agent", "agent-1");
    call(self, AGENT, 1, "agent", "ask");
    assert_int_equal(broker_kit_expect_error(self->kit, AGENT, 1), ACT_E_FORBIDDEN);
    assert_denied(self, "call", "agent");
}

static void casts_that_are_forbidden_go_nowhere(void **state)
{
    fixture_t *self = *state;
    welcome(self, STORE, "store", "store", "store-1");
    welcome(self, AGENT, "agent", "agent", "agent-1");
    act_header_t header = broker_kit_call_header(0, "store", NULL);
    header.kind = ACT_KIND_CAST;
    header.method = ACT_STR("drop");
    broker_kit_send(self->kit, AGENT, &header, act_str(""));
    assert_int_equal(broker_kit_count(self->kit, STORE, ACT_KIND_CAST), 0);
    assert_denied(self, "call", "agent");
}

static void offer_of_anothers_service(void **state)
{
    fixture_t *self = *state;
    come_as(self, "agent");
    say_hello(self, AGENT, "agent", "store", "agent-1");
    assert_refused(self, AGENT);
    assert_denied(self, "offer", "agent");
    come_as(self, "");
    say_hello(self, CLI, "cli", "store", "cli-1");
    assert_refused(self, CLI);
    assert_denied(self, "offer", "cli");
}

static void hello_with_anothers_name(void **state)
{
    fixture_t *self = *state;
    come_as(self, "agent");
    say_hello(self, AGENT, "store", "store", "store-1");
    assert_refused(self, AGENT);
    assert_denied(self, "name of another actor", "agent");
}

static void hello_of_an_unknown_actor(void **state)
{
    fixture_t *self = *state;
    say_hello(self, OTHER, "mallory", NULL, "mallory-1");
    assert_refused(self, OTHER);
    assert_denied(self, "unknown actor", "mallory");
}

static void an_instance_is_not_pushed_aside_by_another_actor(void **state)
{
    fixture_t *self = *state;
    welcome(self, STORE, "store", "store", "store-1");
    say_hello(self, AGENT, "agent", "agent", "store-1");
    assert_refused(self, AGENT);
    assert_denied(self, "instance of another", "agent");
    assert_non_null(broker_kit_peer(self->kit, STORE));
}

static void a_local_child_is_not_pushed_aside_from_outside(void **state)
{
    fixture_t *self = *state;
    welcome(self, AGENT, "agent", "agent", "agent-1");
    come_as(self, "agent");
    say_hello(self, OTHER, "agent", "agent", "agent-1");
    assert_refused(self, OTHER);
    assert_denied(self, "instance of another", "agent");
    say_hello(self, OTHER, "agent", "agent", "agent-2");
    broker_kit_expect(self->kit, OTHER, ACT_KIND_WELCOME);
}

static void forged_routing_id(void **state)
{
    fixture_t *self = *state;
    come_as(self, "cli");
    welcome(self, CLI, "cli", NULL, "cli-1");
    come_as(self, "store");
    welcome(self, STORE, "store", "store", "store-1");
    // Frames that arrive under the client's routing id, but over a connection with another key.
    come_as(self, "agent");
    call(self, CLI, 1, "store", "search");
    assert_int_equal(broker_kit_count(self->kit, STORE, ACT_KIND_CALL), 0);
    assert_denied(self, "frame of another", "agent");
    broker_kit_send_kind(self->kit, CLI, ACT_KIND_BYE, 0);
    assert_non_null(broker_kit_peer(self->kit, CLI));
    assert_denied(self, "frame of another", "agent");
    come_as(self, ""); // nor from the folder
    call(self, CLI, 2, "store", "search");
    assert_denied(self, "frame of another", "(folder)");
    come_as(self, "cli");
    call(self, CLI, 3, "store", "search");
    broker_kit_expect(self->kit, STORE, ACT_KIND_CALL);
}

static void topics_need_a_right(void **state)
{
    fixture_t *self = *state;
    welcome(self, AGENT, "agent", "agent", "agent-1");
    welcome(self, CLI, "cli", NULL, "cli-1");
    act_header_t subscribe = {.kind = ACT_KIND_SUBSCRIBE, .service = ACT_STR("turn/7")};
    act_header_t event = {.kind = ACT_KIND_EVENT, .service = ACT_STR("turn/7")};
    broker_kit_send(self->kit, CLI, &subscribe, act_str(""));
    broker_kit_send(self->kit, AGENT, &event, act_str(""));
    broker_kit_expect(self->kit, CLI, ACT_KIND_EVENT);
    broker_kit_send(self->kit, CLI, &event, act_str(""));
    assert_int_equal(broker_kit_count(self->kit, CLI, ACT_KIND_EVENT), 0);
    assert_denied(self, "publish", "cli");
    broker_kit_send(self->kit, AGENT, &subscribe, act_str(""));
    assert_denied(self, "subscribe", "agent");
    broker_kit_send(self->kit, AGENT, &event, act_str(""));
    assert_int_equal(broker_kit_count(self->kit, AGENT, ACT_KIND_EVENT), 0);
}

static void a_removed_key_ends_its_peers_and_their_calls(void **state)
{
    fixture_t *self = *state;
    welcome(self, STORE, "store", "store", "store-1");
    come_as(self, "agent");
    welcome(self, AGENT, "agent", "agent", "agent-1");
    call(self, AGENT, 1, "store", "search");
    broker_on_revoked(self->kit->broker, act_str("agent"));
    assert_null(broker_kit_peer(self->kit, AGENT));
    broker_kit_expect(self->kit, STORE, ACT_KIND_CANCEL);
    come_as(self, "");
    broker_on_revoked_frame(self->kit->broker, AGENT, act_str("agent"));
    broker_kit_expect(self->kit, AGENT, ACT_KIND_REFUSED);
    assert_denied(self, "key was removed", "agent");
}

// A peer in the folder is not the one whose key was removed.
static void a_removed_key_leaves_local_children_alone(void **state)
{
    fixture_t *self = *state;
    welcome(self, AGENT, "agent", "agent", "agent-1");
    broker_on_revoked(self->kit->broker, act_str("agent"));
    assert_non_null(broker_kit_peer(self->kit, AGENT));
}

static void refusals_beyond_the_list_are_counted(void **state)
{
    fixture_t *self = *state;
    welcome(self, AGENT, "agent", "agent", "agent-1");
    for (uint64_t i = 0; i < 1000; i++)
        call(self, AGENT, i + 1, "store", "drop");
    denial_t rows[BROKER_DENIALS_MAX_COUNT];
    assert_int_equal(broker_take_denials(self->kit->broker, rows), BROKER_DENIALS_MAX_COUNT);
    assert_int_equal(broker_take_denials(self->kit->broker, rows), 0);
    assert_int_equal(denied_count(self), 1000);
}

static void without_a_table_nobody_may_anything(void **state)
{
    (void)state;
    acl_t *empty = acl_new_empty();
    broker_limits_t limits = broker_kit_limits;
    limits.acl = empty;
    broker_kit_t *kit = broker_kit_new(&limits);
    broker_kit_hello(kit, CLI, NULL, "cli-1", true, 8, 1024);
    broker_kit_expect(kit, CLI, ACT_KIND_REFUSED);
    broker_kit_destroy(&kit);
    acl_destroy(&empty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(allowed_calls_pass_and_others_are_forbidden),
        TEST(right_key_wrong_service),
        TEST(casts_that_are_forbidden_go_nowhere),
        TEST(offer_of_anothers_service),
        TEST(hello_with_anothers_name),
        TEST(hello_of_an_unknown_actor),
        TEST(an_instance_is_not_pushed_aside_by_another_actor),
        TEST(a_local_child_is_not_pushed_aside_from_outside),
        TEST(forged_routing_id),
        TEST(topics_need_a_right),
        TEST(a_removed_key_ends_its_peers_and_their_calls),
        TEST(a_removed_key_leaves_local_children_alone),
        TEST(refusals_beyond_the_list_are_counted),
        cmocka_unit_test(without_a_table_nobody_may_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
