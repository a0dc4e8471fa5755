// group_test: which parts go together, and who hears of what. The posts are bare; part.c is faked.
#include "group.h"

#include "harness/actor_kit.h"
#include "proto/persistence_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTS_COUNT 200

typedef struct {
    actor_kit_t *kit;
    groups_t *groups;
    posts_t posts;
    post_t post;
    act_channel_t channel;
    inbound_content_t content;
    inbound_message_t messages[PARTS_COUNT];
    char ids[PARTS_COUNT][16];
    part_t parts[PARTS_COUNT];
} fixture_t;

// --- part.c, faked -------------------------------------------------------------------------------

enum { STORED = 1, FAILED_ALONE, FAILED_TOGETHER };

// What became of a part is noted in retry_at_ms, which group.c leaves alone.
void part_stored(part_t *self)
{
    self->retry_at_ms = STORED;
}

void part_failed(part_t *self, const act_reply_t *reply, bool was_alone)
{
    (void)reply;
    self->retry_at_ms = was_alone ? FAILED_ALONE : FAILED_TOGETHER;
}

act_call_opts_t part_call_opts(const part_t *self, act_str_t key)
{
    return (act_call_opts_t){.tenant = self->tenant, .key = key, .trace = &self->post->trace};
}

void posts_add_metric(const posts_t *self, ingress_metric_t metric, uint64_t value)
{
    (void)self;
    (void)metric;
    (void)value;
}

// --- fixture -------------------------------------------------------------------------------------

static int set_up(void **state)
{
    static const act_spec_t spec = {.name = "ingress"};
    fixture_t *self = act_alloc(sizeof *self);
    self->kit = actor_kit_new(&spec, NULL);
    actor_kit_welcome(self->kit, 1);
    self->groups = groups_new(self->kit->actor);
    self->channel.name = "whatsapp";
    self->post.posts = &self->posts;
    self->post.channel = &self->channel;
    for (int i = 0; i < PARTS_COUNT; i++) {
        snprintf(self->ids[i], sizeof self->ids[i], "m%d", i);
        self->messages[i] = (inbound_message_t){.external_id = act_str(self->ids[i]),
                                                .address = ACT_STR("491"),
                                                .type = ACT_STR("text"),
                                                .content = &self->content};
        self->parts[i] = (part_t){.post = &self->post,
                                  .tenant = ACT_STR("acme"),
                                  .account_id = ACT_STR("one"),
                                  .messages = &self->messages[i],
                                  .count = 1};
    }
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    groups_destroy(&self->groups);
    actor_kit_destroy(&self->kit);
    act_free(self);
    return 0;
}

static void put(fixture_t *self, int first, int count)
{
    for (int i = first; i < first + count; i++)
        groups_put(self->groups, &self->parts[i]);
}

// The next call; how many messages it carries.
static const kit_message_t *expect_call(fixture_t *self, const char *account, uint32_t count)
{
    const kit_message_t *call = actor_kit_expect(self->kit, ACT_KIND_CALL);
    append_inbound_request_t request = {0};
    assert_int_equal(append_inbound_request_unpack(call->body, call->frame, &request, NULL),
                     ACT_E_OK);
    assert_true(act_str_is(call->header.method, "append_inbound"));
    assert_true(act_str_is(request.channel_account_id, account));
    assert_int_equal(request.messages.count, count);
    return call;
}

static void answer(fixture_t *self, const kit_message_t *call, const append_inbound_reply_t *reply)
{
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    append_inbound_reply_pack(reply, &body);
    act_header_t header = {.kind = ACT_KIND_REPLY, .id = call->header.id};
    actor_kit_send(self->kit, &header, act_buf_str(&body));
    act_buf_fini(&body);
    actor_kit_settle(self->kit);
}

static void refuse(fixture_t *self, const kit_message_t *call)
{
    act_header_t header = {
        .kind = ACT_KIND_ERROR, .id = call->header.id, .err = ACT_E_INVALID_ARGUMENT};
    actor_kit_send(self->kit, &header, act_str(""));
    actor_kit_settle(self->kit);
}

static void check(const fixture_t *self, int first, int count, int64_t end)
{
    for (int i = first; i < first + count; i++)
        assert_int_equal(self->parts[i].retry_at_ms, end);
}

// --- tests ---------------------------------------------------------------------------------------

static void the_first_waits_for_nobody(void **state)
{
    fixture_t *self = *state;
    put(self, 0, 1);
    answer(self, expect_call(self, "one", 1), &(append_inbound_reply_t){0});
    check(self, 0, 1, STORED);
    check(self, 1, 1, 0);
}

// Two calls at a time; what comes meanwhile goes together, at most 64 messages of it.
static void what_comes_meanwhile_goes_together(void **state)
{
    fixture_t *self = *state;
    put(self, 0, 100);
    const kit_message_t *first = expect_call(self, "one", 1);
    const kit_message_t *second = expect_call(self, "one", 1);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
    answer(self, first, &(append_inbound_reply_t){0});
    const kit_message_t *third = expect_call(self, "one", GROUP_MESSAGES_MAX_COUNT);
    answer(self, second, &(append_inbound_reply_t){0});
    const kit_message_t *fourth = expect_call(self, "one", 34);
    check(self, 0, 2, STORED);
    check(self, 2, 98, 0);
    answer(self, fourth, &(append_inbound_reply_t){0});
    answer(self, third, &(append_inbound_reply_t){0});
    check(self, 0, 100, STORED);
}

static void accounts_do_not_wait_for_each_other(void **state)
{
    fixture_t *self = *state;
    self->parts[3].account_id = ACT_STR("two");
    self->parts[4].tenant = ACT_STR("other");
    put(self, 0, 5);
    for (int i = 0; i < 2; i++)
        expect_call(self, "one", 1);
    expect_call(self, "two", 1);
    expect_call(self, "one", 1); // of the other tenant
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

// One bad message is found by asking for each part by itself.
static void parts_that_failed_together_go_alone(void **state)
{
    fixture_t *self = *state;
    put(self, 0, 4);
    const kit_message_t *first = expect_call(self, "one", 1);
    refuse(self, expect_call(self, "one", 1));
    check(self, 1, 1, FAILED_ALONE);
    refuse(self, expect_call(self, "one", 2));
    check(self, 2, 2, FAILED_TOGETHER);
    for (int i = 2; i < 4; i++)
        self->parts[i].attempts_count = 1;
    put(self, 2, 2);
    expect_call(self, "one", 1);
    expect_call(self, "one", 1);
    answer(self, first, &(append_inbound_reply_t){0});
    check(self, 0, 1, STORED);
}

// Under the trace of the post that brought it; duplicates and what starts no turn wake nobody.
static void new_messages_wake_their_conversations(void **state)
{
    fixture_t *self = *state;
    post_t other = self->post;
    other.trace = (act_trace_t){.trace_low = 7};
    self->parts[3].post = &other;
    put(self, 0, 4);
    const kit_message_t *first = expect_call(self, "one", 1);
    expect_call(self, "one", 1);
    answer(self, first, &(append_inbound_reply_t){0});
    appended_message_t messages[] = {
        {.external_id = ACT_STR("m2"), .conversation_id = ACT_STR("c2"), .starts_turn = true},
        {.external_id = ACT_STR("m3"),
         .conversation_id = ACT_STR("c3"),
         .is_new = true,
         .starts_turn = true},
        {.external_id = ACT_STR("m4"), .conversation_id = ACT_STR("c4"), .is_new = true},
    };
    answer(self, expect_call(self, "one", 2),
           &(append_inbound_reply_t){.messages = {messages, ACT_COUNT(messages)}});
    const kit_message_t *wake = actor_kit_expect(self->kit, ACT_KIND_CAST);
    assert_true(act_str_is(wake->header.key, "c3"));
    assert_int_equal(wake->header.trace.trace_low, 7);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CAST), 0);
}

static void a_large_body_goes_by_itself(void **state)
{
    fixture_t *self = *state;
    post_t large = self->post;
    large.webhook.body.len_bytes = GROUP_MAX_BYTES + 1; // only its length is looked at
    self->parts[2].post = &large;
    put(self, 0, 5);
    const kit_message_t *first = expect_call(self, "one", 1);
    const kit_message_t *second = expect_call(self, "one", 1);
    answer(self, first, &(append_inbound_reply_t){0});
    expect_call(self, "one", 1); // the large one
    answer(self, second, &(append_inbound_reply_t){0});
    expect_call(self, "one", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_waits_for_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_comes_meanwhile_goes_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(accounts_do_not_wait_for_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_that_failed_together_go_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(new_messages_wake_their_conversations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_body_goes_by_itself, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
