// subscriptions_test: one listener a topic, exact names, and listeners that go while they are called.
#include "actor/subscriptions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    act_subscriptions_t *topics;
    char heard[256];
    int each_count;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->topics = act_subscriptions_new();
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    act_subscriptions_destroy(&self->topics);
    act_subscriptions_destroy(&self->topics); // twice is allowed
    act_free(self);
    return 0;
}

static void hear(fixture_t *self, const char *who, act_str_t topic, act_str_t body)
{
    size_t len = strlen(self->heard);
    snprintf(self->heard + len, sizeof self->heard - len, "%s %.*s=%.*s;", who, ACT_STR_ARG(topic),
             ACT_STR_ARG(body));
}

static void hear_a(void *context, act_str_t topic, act_str_t body)
{
    hear(context, "a", topic, body);
}

static void hear_b(void *context, act_str_t topic, act_str_t body)
{
    hear(context, "b", topic, body);
}

static void hear_and_leave(void *context, act_str_t topic, act_str_t body)
{
    fixture_t *self = context;
    act_subscriptions_remove(self->topics, topic);
    hear(self, "last", topic, body);
}

static void count(void *context, act_str_t topic)
{
    (void)topic;
    ((fixture_t *)context)->each_count++;
}

static void put(fixture_t *self, const char *topic, act_event_fn *fn)
{
    act_subscriptions_put(self->topics, act_str(topic), fn, self);
}

static void fire(fixture_t *self, const char *topic)
{
    act_subscriptions_fire(self->topics, act_str(topic), act_str("x"));
}

static void events_reach_the_listener_of_their_topic(void **state)
{
    fixture_t *self = *state;
    put(self, "conversation/1", hear_a);
    put(self, "conversation/12", hear_b);
    fire(self, "conversation/1");
    fire(self, "conversation/12");
    fire(self, "conversation/");
    fire(self, "conversation/123");
    assert_string_equal(self->heard, "a conversation/1=x;b conversation/12=x;");
}

static void a_second_listener_replaces_the_first(void **state)
{
    fixture_t *self = *state;
    put(self, "t", hear_a);
    put(self, "t", hear_b);
    fire(self, "t");
    assert_string_equal(self->heard, "b t=x;");
    act_subscriptions_each(self->topics, count, self);
    assert_int_equal(self->each_count, 1);
}

static void a_removed_topic_is_silent(void **state)
{
    fixture_t *self = *state;
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        put(self, names[i], hear_a);
    act_subscriptions_remove(self->topics, act_str("b"));
    act_subscriptions_remove(self->topics, act_str("b"));
    act_subscriptions_remove(self->topics, act_str("none"));
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        fire(self, names[i]);
    assert_string_equal(self->heard, "a a=x;a c=x;");
    act_subscriptions_each(self->topics, count, self);
    assert_int_equal(self->each_count, 2);
}

static void a_listener_may_leave_while_it_hears(void **state)
{
    fixture_t *self = *state;
    put(self, "t", hear_and_leave);
    fire(self, "t");
    fire(self, "t");
    assert_string_equal(self->heard, "last t=x;");
}

static void topics_may_be_160_bytes(void **state)
{
    fixture_t *self = *state;
    char topic[ACT_HEADER_KEY_MAX_BYTES + 1] = "";
    memset(topic, 't', sizeof topic - 1);
    put(self, topic, hear_a);
    topic[159] = 'u';
    fire(self, topic);
    assert_string_equal(self->heard, "");
    topic[159] = 't';
    fire(self, topic);
    assert_int_equal(strlen(self->heard), 160 + strlen("a =x;"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_reach_the_listener_of_their_topic),
        TEST(a_second_listener_replaces_the_first),
        TEST(a_removed_topic_is_silent),
        TEST(a_listener_may_leave_while_it_hears),
        TEST(topics_may_be_160_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
