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

static int set_up(void **state)
{
    acl_t *acl = acl_new_empty();
    act_buf_t error;
    act_buf_init(&error, 1024);
    assert_int_equal(acl_add(acl, act_str(table), &error), ACT_E_OK);
    act_buf_fini(&error);
    *state = broker_kit_new_with_acl(&acl);
    return 0;
}

static void welcome(broker_kit_t *kit, uint64_t route, const char *actor, const char *service,
                    const char *instance)
{
    broker_kit_hello_as(kit, route, actor, service, instance);
    broker_kit_expect(kit, route, ACT_KIND_WELCOME);
}

static void call(broker_kit_t *kit, uint64_t route, uint64_t id, const char *service,
                 const char *method)
{
    act_header_t header = broker_kit_call_header(id, service, NULL);
    header.method = act_str(method);
    broker_kit_send(kit, route, &header, act_str(""));
}

static void assert_denied(broker_kit_t *kit, const char *what, const char *actor)
{
    denial_t rows[BROKER_DENIALS_MAX_COUNT];
    assert_int_equal(broker_take_denials(kit->broker, rows), 1);
    assert_string_equal(rows[0].what, what);
    assert_string_equal(rows[0].actor, actor);
}

static uint64_t denied_count(broker_kit_t *kit)
{
    return broker_counters(kit->broker)->denied;
}

static void assert_refused(broker_kit_t *kit, uint64_t route)
{
    kit_frame_t frame = broker_kit_expect(kit, route, ACT_KIND_REFUSED);
    assert_int_equal(frame.header.err, ACT_E_FORBIDDEN);
    assert_int_equal(broker_kit_count(kit, route, ACT_KIND_WELCOME), 0);
    assert_null(broker_kit_peer(kit, route));
}

static void allowed_calls_pass_and_others_are_forbidden(void **state)
{
    broker_kit_t *kit = *state;
    welcome(kit, STORE, "store", "store", "store-1");
    welcome(kit, AGENT, "agent", "agent", "agent-1");
    call(kit, AGENT, 1, "store", "search");
    broker_kit_serve(kit, STORE);
    broker_kit_expect(kit, AGENT, ACT_KIND_REPLY);

    call(kit, AGENT, 2, "store", "drop");
    assert_int_equal(broker_kit_expect_error(kit, AGENT, 2), ACT_E_FORBIDDEN);
    assert_int_equal(broker_kit_count(kit, STORE, ACT_KIND_CALL), 0);
    assert_denied(kit, "call", "agent");
    call(kit, AGENT, 3, "bus", "shutdown");
    assert_int_equal(broker_kit_expect_error(kit, AGENT, 3), ACT_E_FORBIDDEN);
    assert_int_equal(kit->bus_call_id, 0);
    assert_int_equal(denied_count(kit), 2);
    assert_int_equal(broker_counters(kit->broker)->accepted, 1);
}

static void right_key_wrong_service(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_come_as(kit, "agent");
    welcome(kit, AGENT, "agent", "agent", "agent-1");
    call(kit, AGENT, 1, "agent", "ask");
    assert_int_equal(broker_kit_expect_error(kit, AGENT, 1), ACT_E_FORBIDDEN);
    assert_denied(kit, "call", "agent");
}

static void casts_that_are_forbidden_go_nowhere(void **state)
{
    broker_kit_t *kit = *state;
    welcome(kit, STORE, "store", "store", "store-1");
    welcome(kit, AGENT, "agent", "agent", "agent-1");
    act_header_t header = broker_kit_call_header(0, "store", NULL);
    header.kind = ACT_KIND_CAST;
    header.method = ACT_STR("drop");
    broker_kit_send(kit, AGENT, &header, act_str(""));
    assert_int_equal(broker_kit_count(kit, STORE, ACT_KIND_CAST), 0);
    assert_denied(kit, "call", "agent");
}

static void offer_of_anothers_service(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_come_as(kit, "agent");
    broker_kit_hello_as(kit, AGENT, "agent", "store", "agent-1");
    assert_refused(kit, AGENT);
    assert_denied(kit, "offer", "agent");
    broker_kit_come_as(kit, "");
    broker_kit_hello_as(kit, CLI, "cli", "store", "cli-1");
    assert_refused(kit, CLI);
    assert_denied(kit, "offer", "cli");
}

static void hello_with_anothers_name(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_come_as(kit, "agent");
    broker_kit_hello_as(kit, AGENT, "store", "store", "store-1");
    assert_refused(kit, AGENT);
    assert_denied(kit, "name of another actor", "agent");
}

static void hello_of_an_unknown_actor(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_hello_as(kit, OTHER, "mallory", NULL, "mallory-1");
    assert_refused(kit, OTHER);
    assert_denied(kit, "unknown actor", "mallory");
}

static void an_instance_is_not_pushed_aside_by_another_actor(void **state)
{
    broker_kit_t *kit = *state;
    welcome(kit, STORE, "store", "store", "store-1");
    broker_kit_hello_as(kit, AGENT, "agent", "agent", "store-1");
    assert_refused(kit, AGENT);
    assert_denied(kit, "instance of another", "agent");
    assert_non_null(broker_kit_peer(kit, STORE));
}

static void a_local_child_is_not_pushed_aside_from_outside(void **state)
{
    broker_kit_t *kit = *state;
    welcome(kit, AGENT, "agent", "agent", "agent-1");
    broker_kit_come_as(kit, "agent");
    broker_kit_hello_as(kit, OTHER, "agent", "agent", "agent-1");
    assert_refused(kit, OTHER);
    assert_denied(kit, "instance of another", "agent");
    broker_kit_hello_as(kit, OTHER, "agent", "agent", "agent-2");
    broker_kit_expect(kit, OTHER, ACT_KIND_WELCOME);
}

static void forged_routing_id(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_come_as(kit, "cli");
    welcome(kit, CLI, "cli", NULL, "cli-1");
    broker_kit_come_as(kit, "store");
    welcome(kit, STORE, "store", "store", "store-1");
    // Frames that arrive under the client's routing id, but over a connection with another key.
    broker_kit_come_as(kit, "agent");
    call(kit, CLI, 1, "store", "search");
    assert_int_equal(broker_kit_count(kit, STORE, ACT_KIND_CALL), 0);
    assert_denied(kit, "frame of another", "agent");
    broker_kit_send_kind(kit, CLI, ACT_KIND_BYE, 0);
    assert_non_null(broker_kit_peer(kit, CLI));
    assert_denied(kit, "frame of another", "agent");
    broker_kit_come_as(kit, ""); // nor from the folder
    call(kit, CLI, 2, "store", "search");
    assert_denied(kit, "frame of another", "(folder)");
    broker_kit_come_as(kit, "cli");
    call(kit, CLI, 3, "store", "search");
    broker_kit_expect(kit, STORE, ACT_KIND_CALL);
}

static void topics_need_a_right(void **state)
{
    broker_kit_t *kit = *state;
    welcome(kit, AGENT, "agent", "agent", "agent-1");
    welcome(kit, CLI, "cli", NULL, "cli-1");
    act_header_t subscribe = {.kind = ACT_KIND_SUBSCRIBE, .service = ACT_STR("turn/7")};
    act_header_t event = {.kind = ACT_KIND_EVENT, .service = ACT_STR("turn/7")};
    broker_kit_send(kit, CLI, &subscribe, act_str(""));
    broker_kit_send(kit, AGENT, &event, act_str(""));
    broker_kit_expect(kit, CLI, ACT_KIND_EVENT);
    broker_kit_send(kit, CLI, &event, act_str(""));
    assert_int_equal(broker_kit_count(kit, CLI, ACT_KIND_EVENT), 0);
    assert_denied(kit, "publish", "cli");
    broker_kit_send(kit, AGENT, &subscribe, act_str(""));
    assert_denied(kit, "subscribe", "agent");
    broker_kit_send(kit, AGENT, &event, act_str(""));
    assert_int_equal(broker_kit_count(kit, AGENT, ACT_KIND_EVENT), 0);
}

static void a_removed_key_ends_its_peers_and_their_calls(void **state)
{
    broker_kit_t *kit = *state;
    welcome(kit, STORE, "store", "store", "store-1");
    broker_kit_come_as(kit, "agent");
    welcome(kit, AGENT, "agent", "agent", "agent-1");
    call(kit, AGENT, 1, "store", "search");
    broker_on_revoked(kit->broker, act_str("agent"));
    assert_null(broker_kit_peer(kit, AGENT));
    broker_kit_expect(kit, STORE, ACT_KIND_CANCEL);
    broker_kit_come_as(kit, "");
    broker_on_revoked_frame(kit->broker, AGENT, act_str("agent"));
    broker_kit_expect(kit, AGENT, ACT_KIND_REFUSED);
    assert_denied(kit, "key was removed", "agent");
}

// A peer in the folder is not the one whose key was removed.
static void a_removed_key_leaves_local_children_alone(void **state)
{
    broker_kit_t *kit = *state;
    welcome(kit, AGENT, "agent", "agent", "agent-1");
    broker_on_revoked(kit->broker, act_str("agent"));
    assert_non_null(broker_kit_peer(kit, AGENT));
}

static void refusals_beyond_the_list_are_counted(void **state)
{
    broker_kit_t *kit = *state;
    welcome(kit, AGENT, "agent", "agent", "agent-1");
    for (uint64_t i = 0; i < 1000; i++)
        call(kit, AGENT, i + 1, "store", "drop");
    denial_t rows[BROKER_DENIALS_MAX_COUNT];
    assert_int_equal(broker_take_denials(kit->broker, rows), BROKER_DENIALS_MAX_COUNT);
    assert_int_equal(broker_take_denials(kit->broker, rows), 0);
    assert_int_equal(denied_count(kit), 1000);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, broker_kit_tear_down)
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
