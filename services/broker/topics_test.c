// topics_test: who hears what, once, and that the list has an end.
#include "topics.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    topics_t *topics;
    peer_t peers[4];
    uint32_t heard[4];
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->topics = topics_new();
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    topics_destroy(&self->topics);
    topics_destroy(&self->topics); // twice is allowed
    act_free(self);
    return 0;
}

static void on_hear(void *context, peer_t *peer)
{
    fixture_t *self = context;
    self->heard[peer - self->peers]++;
}

static void subscribe(fixture_t *self, uint32_t peer, const char *topic)
{
    assert_true(topics_subscribe(self->topics, act_str(topic), &self->peers[peer]));
}

// Who heard it, a digit a peer: "1010".
static const char *hearers(fixture_t *self, const char *topic)
{
    static char text[8];
    memset(self->heard, 0, sizeof self->heard);
    topics_each(self->topics, act_str(topic), on_hear, self);
    for (uint32_t i = 0; i < ACT_COUNT(self->heard); i++)
        text[i] = (char)('0' + self->heard[i]);
    text[ACT_COUNT(self->heard)] = '\0';
    return text;
}

static void subscribers_hear_their_topic_once(void **state)
{
    fixture_t *self = *state;
    subscribe(self, 0, "conv/1");
    subscribe(self, 0, "conv/1");
    subscribe(self, 2, "conv/1");
    subscribe(self, 3, "conv/12");
    assert_string_equal(hearers(self, "conv/1"), "1010");
    assert_string_equal(hearers(self, "conv/12"), "0001");
    assert_string_equal(hearers(self, "conv"), "0000");
    assert_string_equal(hearers(self, ""), "0000");
}

static void who_unsubscribes_keeps_other_topics(void **state)
{
    fixture_t *self = *state;
    subscribe(self, 0, "a");
    subscribe(self, 0, "b");
    subscribe(self, 1, "a");
    topics_unsubscribe(self->topics, act_str("a"), &self->peers[0]);
    topics_unsubscribe(self->topics, act_str("none"), &self->peers[0]);
    assert_string_equal(hearers(self, "a"), "0100");
    assert_string_equal(hearers(self, "b"), "1000");
}

static void a_forgotten_peer_hears_nothing(void **state)
{
    fixture_t *self = *state;
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        for (uint32_t peer = 0; peer < 4; peer++)
            subscribe(self, peer, names[i]);
    topics_forget(self->topics, &self->peers[1]);
    topics_forget(self->topics, &self->peers[3]);
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        assert_string_equal(hearers(self, names[i]), "1010");
}

static void the_list_has_an_end(void **state)
{
    fixture_t *self = *state;
    uint32_t count = 0;
    for (char topic[32]; count < 10000; count++) {
        snprintf(topic, sizeof topic, "conv/%u", count);
        if (!topics_subscribe(self->topics, act_str(topic), &self->peers[0]))
            break;
    }
    assert_int_equal(count, 4096);
    topics_unsubscribe(self->topics, act_str("conv/7"), &self->peers[0]);
    subscribe(self, 1, "conv/7");
    assert_string_equal(hearers(self, "conv/7"), "0100");
}

static void topics_may_be_160_bytes(void **state)
{
    fixture_t *self = *state;
    char topic[ACT_HEADER_KEY_MAX_BYTES + 1] = "";
    memset(topic, 't', sizeof topic - 1);
    subscribe(self, 0, topic);
    assert_string_equal(hearers(self, topic), "1000");
    topic[159] = 'u';
    assert_string_equal(hearers(self, topic), "0000");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(subscribers_hear_their_topic_once), TEST(who_unsubscribes_keeps_other_topics),
        TEST(a_forgotten_peer_hears_nothing),    TEST(the_list_has_an_end),
        TEST(topics_may_be_160_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
