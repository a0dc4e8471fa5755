// journal_test: what is taken down, what is found again, and what a replay may not do.
#include "turn/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static act_journal_t *journal(act_arena_t *arena, act_steps_t recorded, bool is_replay)
{
    return act_journal_new(arena, &(act_journal_opts_t){.prefix = ACT_STR("flow/1"),
                                                        .recorded = recorded,
                                                        .is_replay = is_replay});
}

// As the runtime does it; the reply a callback would get, or NULL when somebody must be asked.
static const act_reply_t *ask(act_tape_t *tape, const char *key, const char *method,
                              const char *request, const act_reply_t *answer)
{
    const act_reply_t *known = NULL;
    uint32_t place = tape->open(tape, act_str(key), method, act_str(request), &known);
    if (known)
        tape->close(tape, place, known);
    else if (answer)
        tape->close(tape, place, answer);
    return known;
}

static act_reply_t answer(const char *body)
{
    return (act_reply_t){.body = act_str(body)};
}

static void assert_text(act_str_t text, const char *wanted)
{
    assert_true(act_str_is(text, wanted));
}

static void takes_down_every_answer_in_order(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_journal_t *self = journal(arena, (act_steps_t){0}, false);
    act_tape_t *tape = act_journal_tape(self);
    const act_reply_t tasks = answer("tasks"), made = answer("made"),
                      away = {.err = ACT_E_DATABASE, .text = ACT_STR("away")};
    assert_null(ask(tape, "", "list_tasks", "a", &tasks));
    assert_null(ask(tape, "flow/1/save/create_incident", "create_incident", "b", &made));
    assert_null(ask(tape, "", "list_tasks", "a", &away));
    assert_null(ask(tape, "", "list_tasks", "a", NULL)); // was cancelled
    assert_text(act_journal_value(self, "pct", ACT_STR("90")), "90");
    act_steps_t steps = act_journal_steps(self);
    assert_int_equal(steps.count, 4);
    assert_text(steps.items[0].step_key, "flow/1/0/list_tasks");
    assert_text(steps.items[0].kind, "read");
    assert_text(steps.items[0].result, "tasks");
    assert_int_equal(steps.items[0].request_hash.len_bytes, ACT_STEP_HASH_BYTES);
    assert_text(steps.items[1].step_key, "flow/1/save/create_incident");
    assert_text(steps.items[1].kind, "effect");
    assert_int_equal(steps.items[2].error_number, ACT_E_DATABASE);
    assert_true(act_str_eq(steps.items[2].request_hash, steps.items[0].request_hash));
    assert_text(steps.items[3].step_key, "flow/1/3/pct");
}

static void a_replay_is_answered_from_what_was_recorded(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_journal_t *first = journal(arena, (act_steps_t){0}, false);
    const act_reply_t tasks = answer("tasks"), away = {.err = ACT_E_DEADLINE};
    ask(act_journal_tape(first), "", "list_tasks", "a", &tasks);
    ask(act_journal_tape(first), "", "list_tasks", "b", &away);
    act_journal_value(first, "pct", ACT_STR("90"));

    act_journal_t *self = journal(arena, act_journal_steps(first), true);
    act_tape_t *tape = act_journal_tape(self);
    const act_reply_t *known = ask(tape, "", "list_tasks", "a", NULL);
    assert_non_null(known);
    assert_int_equal(known->err, ACT_E_OK);
    assert_text(known->body, "tasks");
    assert_int_equal(ask(tape, "", "list_tasks", "b", NULL)->err, ACT_E_DEADLINE);
    assert_text(act_journal_value(self, "pct", ACT_STR("50")), "90");
    assert_int_equal(act_journal_steps(self).count, 3);
}

static void another_request_or_a_missing_step_is_an_error(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_journal_t *first = journal(arena, (act_steps_t){0}, false);
    const act_reply_t tasks = answer("tasks");
    ask(act_journal_tape(first), "", "list_tasks", "a", &tasks);
    act_journal_t *self = journal(arena, act_journal_steps(first), true);
    act_tape_t *tape = act_journal_tape(self);
    assert_int_equal(ask(tape, "", "list_tasks", "other", NULL)->err, ACT_E_STEP_MISMATCH);
    const act_reply_t *missing = ask(tape, "", "list_tasks", "a", NULL);
    assert_int_equal(missing->err, ACT_E_STEP_MISSING);
    assert_true(act_str_starts_with(missing->text, "flow/1/1/list_tasks"));
}

static void pure_calls_leave_only_their_failures(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_journal_t *first = journal(arena, (act_steps_t){0}, false);
    const act_reply_t fine = answer("en"), away = {.err = ACT_E_UNAVAILABLE};
    ask(act_journal_failures(first), "", "detect", "a", &fine);
    ask(act_journal_failures(first), "", "classify", "a", &away);
    assert_int_equal(act_journal_steps(first).count, 1);
    act_journal_t *self = journal(arena, act_journal_steps(first), true);
    assert_null(ask(act_journal_failures(self), "", "detect", "a", &fine)); // is asked again
    assert_int_equal(ask(act_journal_failures(self), "", "classify", "a", NULL)->err,
                     ACT_E_UNAVAILABLE);
}

// What issue 5's model calls do: find, ask, put.
static void what_was_paid_is_found_after_a_crash(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_journal_t *first = journal(arena, (act_steps_t){0}, false);
    const turn_step_t *step = NULL;
    act_str_t key = act_journal_key(first, "model");
    assert_text(key, "flow/1/0/model");
    assert_int_equal(act_journal_find(first, key, ACT_STR("q"), &step), ACT_E_NOT_FOUND);
    act_journal_put(first, ACT_STEP_PAID, key, ACT_STR("q"), ACT_STR("answer"));

    act_journal_t *again = journal(arena, act_journal_steps(first), false);
    key = act_journal_key(again, "model");
    assert_int_equal(act_journal_find(again, key, ACT_STR("q"), &step), ACT_E_OK);
    assert_text(step->result, "answer");
    assert_text(step->kind, "paid");
    assert_int_equal(act_journal_find(again, key, ACT_STR("Q"), &step), ACT_E_STEP_MISMATCH);
    // But what was only read is read again.
    const act_reply_t tasks = answer("tasks");
    assert_null(ask(act_journal_tape(again), "", "list_tasks", "a", &tasks));
}

static void is_bounded(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_journal_t *self = journal(arena, (act_steps_t){0}, false);
    char *large = act_arena_alloc(arena, ACT_JOURNAL_MAX_BYTES);
    for (size_t i = 0; i + 1 < ACT_JOURNAL_MAX_BYTES; i++)
        large[i] = 'x';
    const act_reply_t small = answer("small"), huge = answer(large);
    ask(act_journal_tape(self), "", "a", "", &small);
    ask(act_journal_tape(self), "", "b", "", &huge);
    for (uint32_t i = 0; i < 2 * ACT_JOURNAL_MAX_STEPS; i++)
        ask(act_journal_tape(self), "", "c", "", &small);
    act_steps_t steps = act_journal_steps(self);
    assert_int_equal(steps.count, ACT_JOURNAL_MAX_STEPS);
    assert_false(steps.items[0].is_cut);
    assert_true(steps.items[1].is_cut);
    assert_true(act_str_empty(steps.items[1].result));
    act_journal_t *again = journal(arena, steps, true);
    ask(act_journal_tape(again), "", "a", "", NULL);
    assert_int_equal(ask(act_journal_tape(again), "", "b", "", NULL)->err, ACT_E_STEP_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_down_every_answer_in_order),
        cmocka_unit_test(a_replay_is_answered_from_what_was_recorded),
        cmocka_unit_test(another_request_or_a_missing_step_is_an_error),
        cmocka_unit_test(pure_calls_leave_only_their_failures),
        cmocka_unit_test(what_was_paid_is_found_after_a_crash),
        cmocka_unit_test(is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
