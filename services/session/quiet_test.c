// quiet_test: the policy of quiet.h, and that customers do not share habits.
#include "quiet.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const quiet_policy_t policy = {.window_ms = 250, .max_ms = 1500};
static const char *const all_shapes[] = {
    "choice", "sentence", "words", "fragment", "media", "", "a shape of tomorrow"};

static int64_t wait_of(const quiet_habit_t *habit, const char *shape, uint32_t count,
                       int64_t waited_ms)
{
    return quiet_wait_ms(&policy, habit, &(quiet_burst_t){act_str(shape), count, waited_ms});
}

static void a_lone_message_waits_less_than_400_ms(void **state)
{
    (void)state;
    // Whatever its customer's habits are.
    static const quiet_habit_t habits[] = {{0},
                                           {.gap_ms = 3000},
                                           {.gap_ms = 60000},
                                           {.alone_count = 9},
                                           {.gap_ms = 1, .alone_count = 1}};
    for (size_t i = 0; i < ACT_COUNT(all_shapes); i++)
        for (size_t j = 0; j < ACT_COUNT(habits); j++)
            assert_in_range(wait_of(&habits[j], all_shapes[i], 1, 0), 0, 399);
}

static void the_shape_says_how_long(void **state)
{
    (void)state;
    assert_int_equal(wait_of(NULL, "choice", 1, 0), 0);
    assert_int_equal(wait_of(NULL, "sentence", 1, 0), 150);
    assert_int_equal(wait_of(NULL, "words", 1, 0), 250);
    assert_int_equal(wait_of(NULL, "", 1, 0), 250);
    assert_int_equal(wait_of(NULL, "fragment", 1, 0), 375);
    assert_int_equal(wait_of(NULL, "media", 1, 0), 390);
}

static void who_writes_one_message_at_a_time_waits_half(void **state)
{
    (void)state;
    quiet_habit_t habit = {0};
    int64_t now_ms = 1000;
    for (int i = 0; i < 4; i++, now_ms += 60000)
        quiet_note(&habit, &policy, now_ms);
    assert_int_equal(wait_of(&habit, "words", 1, 0), 250); // the first said nothing yet
    quiet_note(&habit, &policy, now_ms);
    assert_int_equal(wait_of(&habit, "words", 1, 0), 125);
    quiet_note(&habit, &policy, now_ms + 700); // a burst after all
    assert_int_equal(wait_of(&habit, "words", 1, 0), 250);
}

static void a_burst_waits_as_the_customer_writes(void **state)
{
    (void)state;
    quiet_habit_t habit = {0};
    quiet_note(&habit, &policy, 1000);
    assert_int_equal(habit.gap_ms, 0);
    quiet_note(&habit, &policy, 1600);
    assert_int_equal(habit.gap_ms, 600);
    assert_int_equal(wait_of(&habit, "words", 2, 600), 900);
    assert_int_equal(wait_of(&habit, "choice", 2, 600), 0); // nothing comes after it
    quiet_note(&habit, &policy, 1800);
    assert_int_equal(habit.gap_ms, 500);
    quiet_note(&habit, &policy, 90000); // another day: no gap of a burst
    assert_int_equal(habit.gap_ms, 500);
}

static void no_burst_is_waited_for_longer_than_the_limit(void **state)
{
    (void)state;
    quiet_habit_t slow = {.gap_ms = 2500};
    assert_int_equal(wait_of(&slow, "words", 2, 400), 1100);
    assert_int_equal(wait_of(&slow, "words", 9, 1500), 0);
    assert_true(wait_of(&slow, "words", 9, 1700) <= 0);
}

static void a_window_of_0_waits_for_nobody(void **state)
{
    (void)state;
    const quiet_policy_t off = {.window_ms = 0, .max_ms = 1500};
    quiet_habit_t habit = {.gap_ms = 800};
    for (size_t i = 0; i < ACT_COUNT(all_shapes); i++)
        for (uint32_t count = 1; count < 3; count++)
            assert_int_equal(
                quiet_wait_ms(&off, &habit, &(quiet_burst_t){act_str(all_shapes[i]), count, 0}), 0);
}

static void customers_have_habits_of_their_own(void **state)
{
    (void)state;
    quiet_habits_t *habits = quiet_habits_new();
    quiet_habit_t *mine = quiet_habits_of(habits, ACT_STR("a"), ACT_STR("c-1"));
    mine->gap_ms = 700;
    assert_int_equal(quiet_habits_of(habits, ACT_STR("a"), ACT_STR("c-1"))->gap_ms, 700);
    assert_int_equal(quiet_habits_of(habits, ACT_STR("b"), ACT_STR("c-1"))->gap_ms, 0);
    char name[16];
    for (int i = 0; i < 100000; i++) { // others take all places
        snprintf(name, sizeof name, "o-%d", i);
        assert_int_equal(quiet_habits_of(habits, ACT_STR("a"), act_str(name))->gap_ms, 0);
    }
    assert_int_equal(quiet_habits_of(habits, ACT_STR("a"), ACT_STR("c-1"))->gap_ms, 0);
    quiet_habits_destroy(&habits);
    assert_null(habits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_message_waits_less_than_400_ms),
        cmocka_unit_test(the_shape_says_how_long),
        cmocka_unit_test(who_writes_one_message_at_a_time_waits_half),
        cmocka_unit_test(a_burst_waits_as_the_customer_writes),
        cmocka_unit_test(no_burst_is_waited_for_longer_than_the_limit),
        cmocka_unit_test(a_window_of_0_waits_for_nobody),
        cmocka_unit_test(customers_have_habits_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
