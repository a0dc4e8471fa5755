// parts_test: answers on the caller's side: in parts (row 17), and kept for longer than the callback.
#include "actor/actor.h"
#include "base/mem.h"
#include "harness/actor_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WINDOW_COUNT 4

static const act_method_t stream_method = {.name = "stream", .flags = ACT_FLAG_RETRY_SAFE};
static const act_method_t methods[] = {{.name = "one"}};
static const act_service_t service = {"test", methods, ACT_COUNT(methods), NULL};
static const act_spec_t spec = {
    .name = "reader", .service = &service, .credit_messages = 7, .credit_bytes = 7000};

typedef struct {
    actor_kit_t *kit;
    uint64_t call_id;
    int parts_count;
    int replies_count;
    act_err_t err;
    char text[512];
    act_arena_t *arena; // of a call whose reply is kept
    act_str_t kept;
    uint32_t cancel_at; // the callback of this part cancels; 0: none does
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->kit = actor_kit_new(&spec, NULL);
    actor_kit_welcome(self->kit, 1);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    actor_kit_destroy(&self->kit);
    act_free(self);
    return 0;
}

static void on_part(void *context, uint32_t sequence, act_str_t body)
{
    fixture_t *self = context;
    assert_int_equal(sequence, self->parts_count);
    self->parts_count++;
    size_t len = strlen(self->text);
    snprintf(self->text + len, sizeof self->text - len, "%" ACT_STR_FMT, ACT_STR_ARG(body));
    if (self->cancel_at != 0 && sequence == self->cancel_at)
        act_actor_cancel(self->kit->actor, self->call_id);
}

static void on_reply(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    fixture_t *self = context;
    self->replies_count++;
    self->err = reply->err;
}

static void ask(fixture_t *self, bool is_manual)
{
    act_buf_t body;
    act_buf_init(&body, 16);
    act_call_opts_t opts = {.on_part = on_part,
                            .part_context = self,
                            .parts_window = WINDOW_COUNT,
                            .parts_are_manual = is_manual};
    self->call_id = act_actor_call(self->kit->actor, "model", &stream_method, &opts, &body,
                                   on_reply, NULL, self);
    act_buf_fini(&body);
    const kit_message_t *asked = actor_kit_expect(self->kit, ACT_KIND_CALL);
    assert_int_equal(asked->header.credit_messages, WINDOW_COUNT);
}

static void send_part(fixture_t *self, uint32_t sequence, const char *text)
{
    act_header_t header = {.kind = ACT_KIND_PARTIAL, .id = self->call_id, .sequence = sequence};
    actor_kit_send(self->kit, &header, act_str(text));
}

static void send_end(fixture_t *self)
{
    actor_kit_send_kind(self->kit, ACT_KIND_REPLY, self->call_id);
    actor_kit_until(self->kit, &self->replies_count, 1);
}

static void on_kept(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)fn;
    fixture_t *self = context;
    assert_ptr_equal(arena, self->arena);
    self->replies_count++;
    self->kept = reply->body;
}

static void a_reply_lives_as_long_as_the_arena_of_its_call(void **state)
{
    fixture_t *self = *state;
    self->arena = act_arena_new();
    act_buf_t body;
    act_buf_init(&body, 16);
    const act_call_opts_t opts = {.arena = self->arena};
    act_str_t first = {0};
    for (int i = 1; i <= 2; i++) { // the second one would overwrite what was only borrowed
        self->call_id = act_actor_call(self->kit->actor, "model", &stream_method, &opts, &body,
                                       on_kept, NULL, self);
        (void)actor_kit_expect(self->kit, ACT_KIND_CALL);
        act_header_t header = {.kind = ACT_KIND_REPLY, .id = self->call_id};
        actor_kit_send(self->kit, &header, i == 1 ? ACT_STR("first") : ACT_STR("other"));
        actor_kit_until(self->kit, &self->replies_count, i);
        first = i == 1 ? self->kept : first;
    }
    assert_true(act_str_is(first, "first"));
    assert_true(act_str_is(self->kept, "other"));
    act_buf_fini(&body);
    act_arena_destroy(&self->arena);
}

static void row_17_parts_come_in_order_and_more_is_asked_for_in_time(void **state)
{
    fixture_t *self = *state;
    ask(self, /* is_manual= */ false);
    send_part(self, 0, "a");
    actor_kit_until(self->kit, &self->parts_count, 1);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CREDIT), 0); // more than half is left
    send_part(self, 1, "b");
    const kit_message_t *credit = actor_kit_expect(self->kit, ACT_KIND_CREDIT);
    assert_true(credit->header.id == self->call_id);
    assert_int_equal(credit->header.credit_messages, 2 + WINDOW_COUNT); // in all, not more
    send_part(self, 2, "c");
    send_end(self);
    assert_int_equal(self->err, ACT_E_OK);
    assert_string_equal(self->text, "abc");
}

static void row_17_a_repeat_or_a_gap_is_dropped(void **state)
{
    fixture_t *self = *state;
    ask(self, /* is_manual= */ false);
    send_part(self, 0, "a");
    send_part(self, 0, "again");
    send_part(self, 2, "gap");
    send_part(self, 1, "b");
    send_end(self);
    send_part(self, 2, "late");
    actor_kit_settle(self->kit);
    assert_string_equal(self->text, "ab");
}

static void row_17_a_slow_reader_asks_for_each_part(void **state)
{
    fixture_t *self = *state;
    ask(self, /* is_manual= */ true);
    for (uint32_t i = 0; i < WINDOW_COUNT; i++)
        send_part(self, i, "x");
    actor_kit_until(self->kit, &self->parts_count, WINDOW_COUNT);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CREDIT), 0);
    act_actor_take_parts(self->kit->actor, self->call_id, 3);
    const kit_message_t *credit = actor_kit_expect(self->kit, ACT_KIND_CREDIT);
    assert_int_equal(credit->header.credit_messages, WINDOW_COUNT + 3);
    send_end(self);
    act_actor_take_parts(self->kit->actor, self->call_id, 3); // over: nothing is asked for
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CREDIT), 0);
}

static void row_17_a_reader_may_cancel_in_the_middle(void **state)
{
    fixture_t *self = *state;
    self->cancel_at = 1;
    ask(self, /* is_manual= */ false);
    for (uint32_t i = 0; i < 3; i++)
        send_part(self, i, "x");
    assert_true(actor_kit_expect(self->kit, ACT_KIND_CANCEL)->header.id == self->call_id);
    actor_kit_settle(self->kit);
    assert_int_equal(self->parts_count, 2);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CREDIT), 0);
}

// Its reader would see the parts twice.
static void row_17_what_has_begun_to_answer_is_not_asked_again(void **state)
{
    fixture_t *self = *state;
    ask(self, /* is_manual= */ false);
    send_part(self, 0, "a");
    actor_kit_until(self->kit, &self->parts_count, 1);
    actor_kit_kill_broker(self->kit);
    actor_kit_start_broker(self->kit);
    actor_kit_welcome(self->kit, 2);
    actor_kit_until(self->kit, &self->replies_count, 1);
    assert_int_equal(self->err, ACT_E_WORKER_LOST);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reply_lives_as_long_as_the_arena_of_its_call),
        TEST(row_17_parts_come_in_order_and_more_is_asked_for_in_time),
        TEST(row_17_a_repeat_or_a_gap_is_dropped),
        TEST(row_17_a_slow_reader_asks_for_each_part),
        TEST(row_17_a_reader_may_cancel_in_the_middle),
        TEST(row_17_what_has_begun_to_answer_is_not_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
