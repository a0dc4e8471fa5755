// decide_test: every verdict, first and last attempts, and the text that is kept.
#include "decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const circumstances_t first = {
    .attempts_count = 1, .attempts_max_count = 8, .reconcile_ms = 5000};

static void settles_what_was_accepted_or_refused(void **state)
{
    (void)state;
    act_channel_verdict_t sent = {.outcome = ACT_CHANNEL_SENT, .advice = ""};
    act_channel_verdict_t refused = {.outcome = ACT_CHANNEL_REFUSED, .advice = "use a template"};
    circumstances_t last = {.attempts_count = 100, .attempts_max_count = 8};
    assert_int_equal(decide(&sent, &first).outcome, OUTCOME_SENT);
    assert_int_equal(decide(&sent, &last).outcome, OUTCOME_SENT);
    assert_int_equal(decide(&refused, &first).outcome, OUTCOME_FAILED);
    assert_string_equal(outcome_name(OUTCOME_SENT), "sent");
    assert_string_equal(outcome_name(OUTCOME_RETRY), "retry");
    assert_string_equal(outcome_name(OUTCOME_RETURNED), "returned");
    assert_string_equal(outcome_name(OUTCOME_FAILED), "failed");
}

static void repeats_until_there_were_too_many(void **state)
{
    (void)state;
    act_channel_verdict_t busy = {.outcome = ACT_CHANNEL_RETRY, .delay_ms = 4000, .advice = ""};
    circumstances_t now = first;
    for (now.attempts_count = 1; now.attempts_count < 8; now.attempts_count++) {
        for (now.random = 0; now.random < 3000; now.random += 7) {
            decision_t decision = decide(&busy, &now);
            assert_int_equal(decision.outcome, OUTCOME_RETRY);
            assert_in_range(decision.retry_after_ms, 4000, 5000);
            assert_int_equal(decision.pause_ms, 0);
        }
    }
    decision_t decision = decide(&busy, &now);
    assert_int_equal(decision.outcome, OUTCOME_FAILED);
    assert_true(strlen(decision.reason) > 0);
    act_channel_verdict_t strange = {.outcome = ACT_CHANNEL_RETRY, .delay_ms = -5, .advice = ""};
    assert_int_equal(decide(&strange, &first).retry_after_ms, 0);
}

static void keeps_the_account_still_when_it_is_the_account(void **state)
{
    (void)state;
    act_channel_verdict_t busy = {
        .outcome = ACT_CHANNEL_RETRY, .delay_ms = 1000, .is_account_wide = true, .advice = ""};
    assert_int_equal(decide(&busy, &first).pause_ms, 1000);
    assert_false(decide(&busy, &first).is_stopped);
    busy.delay_ms = 3600 * 1000;
    assert_int_equal(decide(&busy, &first).pause_ms, 15 * 60 * 1000);
}

static void never_gives_up_for_a_stopped_account(void **state)
{
    (void)state;
    act_channel_verdict_t stopped = {.outcome = ACT_CHANNEL_STOPPED, .advice = "new token"};
    circumstances_t late = {.attempts_count = 1000, .attempts_max_count = 8, .random = 3};
    decision_t decision = decide(&stopped, &late);
    assert_int_equal(decision.outcome, OUTCOME_RETRY);
    assert_true(decision.is_stopped);
    assert_int_equal(decision.pause_ms, 60000);
    assert_in_range(decision.retry_after_ms, 60000, 75000);
}

static void waits_for_statuses_when_the_outcome_is_unknown(void **state)
{
    (void)state;
    act_channel_verdict_t unknown = {.outcome = ACT_CHANNEL_UNKNOWN, .advice = ""};
    decision_t decision = decide(&unknown, &first);
    assert_int_equal(decision.outcome, OUTCOME_RETRY);
    assert_int_equal(decision.retry_after_ms, 5000);
    assert_true(decision.is_unknown);
    assert_string_equal(outcome_name(OUTCOME_REFUSED), "refused");
    assert_string_equal(outcome_name(OUTCOME_PARKED), "parked");
}

static void writes_a_reason_that_fits(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    char text[4000];
    for (size_t i = 0; i + 2 <= sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    act_channel_verdict_t verdict = {
        .outcome = ACT_CHANNEL_REFUSED, .text = ACT_STR("closed"), .advice = "use a template"};
    decision_t decision = decide(&verdict, &first);
    assert_true(act_str_is(decision_text(&decision, &verdict, arena), "closed; use a template"));
    decision.reason = "why";
    verdict.text = act_str_of(text, sizeof text);
    act_str_t cut = decision_text(&decision, &verdict, arena);
    assert_true(cut.len_bytes <= 1024 && act_utf8_valid(cut));
    assert_true(act_str_starts_with(cut, "why; "));
    act_channel_verdict_t silent = {.outcome = ACT_CHANNEL_SENT, .advice = ""};
    decision = decide(&silent, &first);
    assert_true(act_str_empty(decision_text(&decision, &silent, arena)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settles_what_was_accepted_or_refused),
        cmocka_unit_test(repeats_until_there_were_too_many),
        cmocka_unit_test(keeps_the_account_still_when_it_is_the_account),
        cmocka_unit_test(never_gives_up_for_a_stopped_account),
        cmocka_unit_test(waits_for_statuses_when_the_outcome_is_unknown),
        cmocka_unit_test(writes_a_reason_that_fits),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
