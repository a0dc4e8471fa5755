// admission_test: a world that answers so many messages a second, and more that write.
#include "admission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define STEP_MS 5
#define REPORT_MS 500

typedef struct {
    admission_t admission;
    int64_t now_ms;
    double backlog;
    double capacity_per_s;
    uint32_t offered[ADMISSION_CLASSES_COUNT];
    uint32_t admitted[ADMISSION_CLASSES_COUNT];
} world_t;

static void run(world_t *self, const double per_s[ADMISSION_CLASSES_COUNT], int64_t ms)
{
    double due[ADMISSION_CLASSES_COUNT] = {0};
    for (int i = 0; i < ADMISSION_CLASSES_COUNT; i++)
        self->offered[i] = self->admitted[i] = 0;
    for (int64_t end_ms = self->now_ms + ms; self->now_ms < end_ms; self->now_ms += STEP_MS) {
        for (int i = 0; i < ADMISSION_CLASSES_COUNT; i++)
            for (due[i] += per_s[i] * STEP_MS / 1000; due[i] >= 1; due[i]--) {
                uint32_t messages_count = i == ADMISSION_STATUSES ? 0 : 1;
                self->offered[i]++;
                if (!admission_take(&self->admission, (admission_class_t)i, messages_count,
                                    self->now_ms))
                    continue;
                self->admitted[i]++;
                self->backlog += messages_count;
            }
        self->backlog -= self->capacity_per_s * STEP_MS / 1000;
        if (self->backlog < 0)
            self->backlog = 0;
        if (self->now_ms % REPORT_MS == 0)
            admission_report(&self->admission, self->now_ms, (uint32_t)self->backlog);
    }
}

static world_t world(double capacity_per_s)
{
    world_t self = {.now_ms = 1000, .capacity_per_s = capacity_per_s};
    admission_init(&self.admission, 5000);
    return self;
}

static void test_lets_everything_in_below_capacity(void **state)
{
    (void)state;
    world_t w = world(1000);
    run(&w, (double[]){2000, 0, 100, 800}, 20000);
    for (int i = 0; i < ADMISSION_CLASSES_COUNT; i++)
        assert_int_equal(w.admitted[i], w.offered[i]);
}

static void test_lets_in_what_is_answered_when_five_times_as_much_comes(void **state)
{
    (void)state;
    world_t w = world(1000);
    run(&w, (double[]){0, 0, 0, 5000}, 10000);
    run(&w, (double[]){0, 0, 0, 5000}, 30000);
    assert_in_range(w.admitted[ADMISSION_KNOWN], 28500, 31500);
    assert_true(w.backlog > 100 && w.backlog < 6000);
}

static void test_is_open_again_soon_after(void **state)
{
    (void)state;
    world_t w = world(1000);
    run(&w, (double[]){0, 0, 0, 5000}, 30000);
    run(&w, (double[]){0, 0, 0, 500}, 5000);
    run(&w, (double[]){0, 0, 0, 500}, 5000);
    assert_int_equal(w.admitted[ADMISSION_KNOWN], w.offered[ADMISSION_KNOWN]);
    assert_false(w.admission.is_limited);
    assert_true(w.backlog < 100);
}

static void test_refuses_statuses_first_and_those_in_a_conversation_last(void **state)
{
    (void)state;
    world_t w = world(1000);
    run(&w, (double[]){1000, 1000, 4000, 800}, 10000);
    run(&w, (double[]){1000, 1000, 4000, 800}, 20000);
    double parts[ADMISSION_CLASSES_COUNT];
    for (int i = 0; i < ADMISSION_CLASSES_COUNT; i++)
        parts[i] = (double)w.admitted[i] / w.offered[i];
    assert_true(parts[ADMISSION_STATUSES] < 0.05);
    assert_true(parts[ADMISSION_AGAIN] < 0.05);
    assert_true(parts[ADMISSION_NEW] < 0.25);
    assert_true(parts[ADMISSION_KNOWN] > 0.95);
}

// D1: what nobody works on just now is stored all the same.
static void test_takes_everything_while_nothing_is_answered(void **state)
{
    (void)state;
    world_t w = world(0);
    run(&w, (double[]){0, 0, 0, 300}, 60000);
    assert_int_equal(w.admitted[ADMISSION_KNOWN], w.offered[ADMISSION_KNOWN]);
    w.capacity_per_s = 1500; // back: what comes in is less than what is worked off
    run(&w, (double[]){0, 0, 0, 300}, 30000);
    assert_true(w.admitted[ADMISSION_KNOWN] > w.offered[ADMISSION_KNOWN] * 0.95);
    assert_true(w.backlog < 100);
}

// Channels send again what was refused, and mostly statuses: that must not keep it shut.
static void test_opens_again_under_many_statuses(void **state)
{
    (void)state;
    world_t w = world(1000);
    run(&w, (double[]){3000, 0, 0, 5000}, 10000);
    run(&w, (double[]){3000, 0, 0, 300}, 8000);
    run(&w, (double[]){3000, 0, 0, 300}, 5000);
    assert_int_equal(w.admitted[ADMISSION_KNOWN], w.offered[ADMISSION_KNOWN]);
    assert_int_equal(w.admitted[ADMISSION_STATUSES], w.offered[ADMISSION_STATUSES]);
}

// A slow moment leaves a low rate; it must not stay.
static void test_recovers_from_a_low_rate(void **state)
{
    (void)state;
    world_t w = world(30);
    run(&w, (double[]){500, 0, 0, 300}, 20000);
    w.capacity_per_s = 1000;
    run(&w, (double[]){500, 0, 0, 300}, 25000);
    run(&w, (double[]){500, 0, 0, 300}, 5000);
    assert_int_equal(w.admitted[ADMISSION_KNOWN], w.offered[ADMISSION_KNOWN]);
}

static void test_shuts_only_while_it_is_limited(void **state)
{
    (void)state;
    world_t w = world(1000);
    assert_false(admission_is_shut(&w.admission, w.now_ms));
    run(&w, (double[]){0, 0, 0, 5000}, 10000);
    bool was_shut = false;
    for (int i = 0; i < 1000 && !was_shut; i++)
        was_shut = !admission_take(&w.admission, ADMISSION_KNOWN, 1, w.now_ms);
    assert_true(was_shut);
    assert_true(admission_is_shut(&w.admission, w.now_ms));
    assert_false(admission_is_shut(&w.admission, w.now_ms + 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lets_everything_in_below_capacity),
        cmocka_unit_test(test_lets_in_what_is_answered_when_five_times_as_much_comes),
        cmocka_unit_test(test_is_open_again_soon_after),
        cmocka_unit_test(test_refuses_statuses_first_and_those_in_a_conversation_last),
        cmocka_unit_test(test_takes_everything_while_nothing_is_answered),
        cmocka_unit_test(test_opens_again_under_many_statuses),
        cmocka_unit_test(test_recovers_from_a_low_rate),
        cmocka_unit_test(test_shuts_only_while_it_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
