// views_test: what `parley status` and the metrics page read, and who may not be missing there.
#include "views.h"

#include "harness/broker_kit.h"
#include "proto/broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENT = 1, A = 10 };

typedef struct {
    broker_kit_t *kit;
    act_loop_t *loop;
    act_log_t *log;
    child_spec_t spec;
    children_t children;
    supervisor_t *supervisor;
    views_t views;
    int shutdowns_count;
} fixture_t;

static void on_shutdown(void *context)
{
    ((fixture_t *)context)->shutdowns_count++;
}

static int set_up(void **state)
{
    static char name[] = "session";
    fixture_t *self = act_alloc(sizeof *self);
    self->kit = broker_kit_new(&broker_kit_limits);
    self->loop = act_loop_new();
    self->log = act_log_new("/none", "broker", "broker", ACT_LOG_ERROR);
    self->spec = (child_spec_t){.name = name, .count = 2, .intensity_count = 1};
    self->children = (children_t){.children = &self->spec, .children_count = 1};
    const child_host_t none = {0}; // nothing is started
    const supervisor_opts_t opts = {.log_dir = "/none", .adopt_ms = 60000};
    self->supervisor =
        supervisor_new(self->loop, self->kit->broker, self->log, &self->children, &none, &opts);
    self->views = (views_t){.broker = self->kit->broker,
                            .supervisor = self->supervisor,
                            .started_ms = broker_now_ms(self->kit->broker),
                            .log = self->log,
                            .log_dir = "/none",
                            .shutdown = on_shutdown,
                            .context = self};
    broker_kit_client(self->kit, CLIENT);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    supervisor_destroy(&self->supervisor);
    act_loop_destroy(&self->loop);
    act_log_destroy(&self->log);
    broker_kit_destroy(&self->kit);
    act_free(self);
    return 0;
}

// Asks the bus; the answer is the client's next REPLY or ERROR.
static void ask(fixture_t *self, const char *method)
{
    act_header_t header = broker_kit_call_header(1, "bus", NULL);
    header.method = act_str(method);
    broker_kit_send(self->kit, CLIENT, &header, act_str(""));
    views_on_call(&self->views, &header, act_str(""), self->kit->bus_call_id);
}

static status_reply_t status(fixture_t *self)
{
    ask(self, "status");
    status_reply_t reply;
    assert_int_equal(status_reply_unpack(broker_kit_expect(self->kit, CLIENT, ACT_KIND_REPLY).body,
                                         self->kit->arena, &reply, NULL),
                     ACT_E_OK);
    return reply;
}

static const instance_view_t *row_of(const status_reply_t *reply, const char *instance)
{
    for (uint32_t i = 0; i < reply->instances.count; i++)
        if (act_str_is(reply->instances.items[i].instance, instance))
            return &reply->instances.items[i];
    fail_msg("%s has no row", instance);
    return NULL;
}

static void every_child_has_a_row_also_without_a_process(void **state)
{
    fixture_t *self = *state;
    broker_kit_pass_ms(self->kit, 1500);
    status_reply_t reply = status(self);
    assert_int_equal(reply.instances.count, 3);
    assert_int_equal(reply.epoch, 7);
    assert_int_equal(reply.uptime_ms, 1500);
    const instance_view_t *row = row_of(&reply, "session-2");
    assert_true(act_str_is(row->service, "session"));
    assert_true(act_str_is(row->state, "waiting"));
    assert_int_equal(row->pid, 0);
    assert_true(act_str_is(row_of(&reply, "client-1")->state, "client"));
}

static void an_instance_shows_its_work(void **state)
{
    fixture_t *self = *state;
    broker_kit_worker(self->kit, A, "other", "other-1", 1);
    for (uint64_t id = 1; id <= 3; id++)
        broker_kit_call(self->kit, CLIENT, id, "other", "key");
    broker_kit_pass_ms(self->kit, 100);
    broker_kit_serve(self->kit, A);
    broker_kit_expect(self->kit, CLIENT, ACT_KIND_REPLY);
    status_reply_t reply = status(self);
    const instance_view_t *row = row_of(&reply, "other-1");
    assert_true(act_str_is(row->state, "remote")); // nobody of ours started it
    assert_int_equal(row->calls, 2);
    assert_int_equal(row->in_flight, 1);
    assert_int_equal(row->queued, 1);
    assert_in_range(row->p50_us, 100000, 125000);
    assert_int_equal(reply.accepted, reply.replied + reply.failed + reply.cancelled + reply.open);
}

static void calls_that_wait_for_a_child_are_shown_with_it(void **state)
{
    fixture_t *self = *state;
    broker_kit_call(self->kit, CLIENT, 77, "session", NULL);
    status_reply_t reply = status(self);
    assert_int_equal(row_of(&reply, "session-1")->queued, 1);
}

static void metrics_are_those_of_the_last_heartbeat(void **state)
{
    fixture_t *self = *state;
    broker_kit_worker(self->kit, A, "other", "other-1", 1);
    act_buf_t body;
    act_buf_init(&body, 4096);
    for (uint64_t value = 1; value <= 2; value++) {
        metric_t metric = {
            .name = ACT_STR("posts_total"), .value = value, .help = ACT_STR("posts")};
        stats_t stats = {.is_ready = true, .metrics = {&metric, 1}};
        act_header_t ping = {.kind = ACT_KIND_PING};
        act_buf_reset(&body);
        stats_pack(&stats, &body);
        broker_kit_send(self->kit, A, &ping, act_buf_str(&body));
    }
    act_buf_fini(&body);
    ask(self, "metrics");
    metrics_reply_t reply;
    assert_int_equal(metrics_reply_unpack(broker_kit_expect(self->kit, CLIENT, ACT_KIND_REPLY).body,
                                          self->kit->arena, &reply, NULL),
                     ACT_E_OK);
    assert_int_equal(reply.instances.count, 1);
    assert_true(act_str_is(reply.instances.items[0].instance, "other-1"));
    assert_int_equal(reply.instances.items[0].metrics.count, 1);
    assert_int_equal(reply.instances.items[0].metrics.items[0].value, 2);
}

static void services_show_what_waits_and_what_is_free(void **state)
{
    fixture_t *self = *state;
    broker_kit_worker(self->kit, A, "other", "other-1", 1);
    for (uint64_t id = 70; id < 73; id++)
        broker_kit_call(self->kit, CLIENT, id, "other", NULL);
    broker_kit_pass_ms(self->kit, 40);
    ask(self, "services");
    services_reply_t reply;
    act_str_t body = broker_kit_expect(self->kit, CLIENT, ACT_KIND_REPLY).body;
    assert_int_equal(services_reply_unpack(body, self->kit->arena, &reply, NULL), ACT_E_OK);
    const service_view_t *row = &reply.services.items[reply.services.count - 1];
    assert_true(act_str_is(row->name, "other"));
    assert_int_equal(row->instances, 1);
    assert_int_equal(row->ready, 1);
    assert_int_equal(row->in_flight, 1);
    assert_int_equal(row->queued_interactive, 2);
    assert_int_equal(row->oldest_wait_ms, 40);
    assert_int_equal(row->credit_messages, 1);
}

static void tell(fixture_t *self, const char *method, const char *instance)
{
    act_header_t header = broker_kit_call_header(1, "bus", NULL);
    header.method = act_str(method);
    instance_request_t request = {.instance = act_str(instance), .actor = ACT_STR("somebody")};
    act_buf_t body;
    act_buf_init(&body, 4096);
    instance_request_pack(&request, &body);
    broker_kit_send(self->kit, CLIENT, &header, act_buf_str(&body));
    views_on_call(&self->views, &header, act_buf_str(&body), self->kit->bus_call_id);
    act_buf_fini(&body);
}

static void row_19_an_operator_pauses_and_resumes(void **state)
{
    fixture_t *self = *state;
    broker_kit_worker(self->kit, A, "other", "other-1", 1);
    tell(self, "pause", "other-1");
    broker_kit_expect(self->kit, CLIENT, ACT_KIND_REPLY);
    broker_kit_call(self->kit, CLIENT, 70, "other", NULL);
    assert_int_equal(broker_kit_count(self->kit, A, ACT_KIND_CALL), 0);
    tell(self, "resume", "other-1");
    broker_kit_expect(self->kit, CLIENT, ACT_KIND_REPLY);
    assert_int_equal(broker_kit_count(self->kit, A, ACT_KIND_CALL), 1);
    tell(self, "pause", "none");
    assert_int_equal(broker_kit_expect_error(self->kit, CLIENT, 1), ACT_E_NOT_FOUND);
}

static void shutdown_answers_before_it_begins(void **state)
{
    fixture_t *self = *state;
    ask(self, "shutdown");
    broker_kit_expect(self->kit, CLIENT, ACT_KIND_REPLY);
    assert_int_equal(self->shutdowns_count, 1);
}

static void unknown_methods_are_answered(void **state)
{
    fixture_t *self = *state;
    ask(self, "stat");
    assert_int_equal(broker_kit_expect_error(self->kit, CLIENT, 1), ACT_E_UNKNOWN_METHOD);
    assert_int_equal(self->shutdowns_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_child_has_a_row_also_without_a_process),
        TEST(an_instance_shows_its_work),
        TEST(calls_that_wait_for_a_child_are_shown_with_it),
        TEST(metrics_are_those_of_the_last_heartbeat),
        TEST(services_show_what_waits_and_what_is_free),
        TEST(row_19_an_operator_pauses_and_resumes),
        TEST(shutdown_answers_before_it_begins),
        TEST(unknown_methods_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
