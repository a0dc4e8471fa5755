// policy_test: each rule with what just does and just does not meet it, and their order.
#include "policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)

static const act_channel_media_t media[] = {
    {"image", 10, .has_file_name = false}, {"audio", 0, .has_file_name = false}, {.type = NULL}};
static const act_channel_t windowed = {
    .name = "windowed", .reply_window_ms = 24 * HOUR_MS, .media = media};
static const act_channel_t windowless = {.name = "open"};
static const outbound_content_t text = {.type = ACT_STR_INIT("text"),
                                        .text = ACT_STR_INIT("hello")};
static const outbound_content_t template = {.type = ACT_STR_INIT("template"),
                                            .template_name = ACT_STR_INIT("reminder"),
                                            .template_language = ACT_STR_INIT("en")};

static policy_facts_t plain(void)
{
    return (policy_facts_t){
        .channel = &windowed, .content = &text, .is_reply = true, .customer_silent_ms = HOUR_MS};
}

#define CHECK(facts, expected_verdict, expected_code)                                              \
    do {                                                                                           \
        policy_t checked_ = policy_decide(&(facts));                                               \
        assert_string_equal(checked_.code, (expected_code));                                       \
        assert_int_equal(checked_.verdict, (expected_verdict));                                    \
        assert_true(checked_.verdict == POLICY_ALLOWED || checked_.advice[0] != '\0');             \
    } while (0)

static void lets_a_reply_go(void **state)
{
    (void)state;
    policy_facts_t facts = plain();
    CHECK(facts, POLICY_ALLOWED, "");
}

static void refuses_what_is_empty(void **state)
{
    (void)state;
    policy_facts_t facts = plain();
    outbound_content_t blank = {.type = ACT_STR("text"), .text = ACT_STR(" \n")};
    facts.content = &blank;
    CHECK(facts, POLICY_REFUSED, "NOTHING_TO_SEND");
    choice_t choice = {.id = ACT_STR("a"), .title = ACT_STR("A")};
    blank.choices.items = &choice;
    blank.choices.count = 1;
    CHECK(facts, POLICY_ALLOWED, "");
    outbound_content_t nameless = template;
    nameless.template_language = ACT_STR("");
    facts.content = &nameless;
    CHECK(facts, POLICY_REFUSED, "TEMPLATE_INCOMPLETE");
}

static void refuses_files_that_cannot_go(void **state)
{
    (void)state;
    policy_facts_t facts = plain();
    outbound_content_t content = {.type = ACT_STR("image"),
                                  .text = ACT_STR(" 0123456789\n"),
                                  .media_url = ACT_STR("https://example.com/a.png")};
    facts.content = &content;
    CHECK(facts, POLICY_ALLOWED, "");
    content.text = ACT_STR("éééééééééé");
    CHECK(facts, POLICY_ALLOWED, "");
    content.text = ACT_STR("01234567890");
    CHECK(facts, POLICY_REFUSED, "CAPTION_TOO_LONG");
    content.text = ACT_STR("");
    CHECK(facts, POLICY_ALLOWED, "");
    content.media_url = ACT_STR("http://example.com/a.png");
    CHECK(facts, POLICY_REFUSED, "MEDIA_LINK");
    facts.allows_inside = true;
    CHECK(facts, POLICY_ALLOWED, "");
    content.media_url = ACT_STR("");
    CHECK(facts, POLICY_REFUSED, "MEDIA_LINK");
    content.media_url = ACT_STR("https://example.com/a");
    content.type = ACT_STR("audio");
    CHECK(facts, POLICY_ALLOWED, "");
    content.text = ACT_STR("x");
    CHECK(facts, POLICY_REFUSED, "CAPTION_TOO_LONG");
    content.type = ACT_STR("document");
    CHECK(facts, POLICY_REFUSED, "MEDIA_NOT_CARRIED");
    content.type = ACT_STR("image");
    facts.channel = &windowless; // carries none
    CHECK(facts, POLICY_REFUSED, "MEDIA_NOT_CARRIED");
    facts.channel = &windowed;
    facts.is_opted_out = true;
    CHECK(facts, POLICY_REFUSED, "OPTED_OUT");
}

static void says_nothing_to_who_wants_nothing(void **state)
{
    (void)state;
    policy_facts_t facts = plain();
    facts.is_opted_out = true;
    CHECK(facts, POLICY_REFUSED, "OPTED_OUT");
    facts.content = &template;
    CHECK(facts, POLICY_REFUSED, "OPTED_OUT");
    outbound_content_t confirmation = text;
    confirmation.purpose = ACT_STR("opt_out");
    facts.content = &confirmation;
    CHECK(facts, POLICY_ALLOWED, "");
}

static void knows_the_window(void **state)
{
    (void)state;
    policy_facts_t facts = plain();
    facts.customer_silent_ms = 24 * HOUR_MS - 1;
    CHECK(facts, POLICY_ALLOWED, "");
    facts.customer_silent_ms = 24 * HOUR_MS;
    CHECK(facts, POLICY_NEEDS_TEMPLATE, "WINDOW_CLOSED");
    facts.customer_silent_ms = -1; // never wrote
    CHECK(facts, POLICY_NEEDS_TEMPLATE, "WINDOW_CLOSED");
    facts.content = &template;
    CHECK(facts, POLICY_ALLOWED, "");
    facts.content = &text;
    facts.channel = &windowless;
    CHECK(facts, POLICY_ALLOWED, "");
}

static void waits_for_the_morning(void **state)
{
    (void)state;
    static const struct {
        int32_t minute, from, to;
        int64_t delay_min; // 0: not quiet
    } rows[] = {
        {22 * 60, 22 * 60, 7 * 60, 9 * 60}, {23 * 60 + 59, 22 * 60, 7 * 60, 7 * 60 + 1},
        {0, 22 * 60, 7 * 60, 7 * 60},       {6 * 60 + 59, 22 * 60, 7 * 60, 1},
        {7 * 60, 22 * 60, 7 * 60, 0},       {21 * 60 + 59, 22 * 60, 7 * 60, 0},
        {13 * 60, 12 * 60, 14 * 60, 60},    {14 * 60, 12 * 60, 14 * 60, 0},
        {11 * 60, 12 * 60, 14 * 60, 0},     {3 * 60, 8 * 60, 8 * 60, 0},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        policy_facts_t facts = plain();
        facts.is_reply = false;
        facts.local_minute = rows[i].minute;
        facts.quiet_from_minute = rows[i].from;
        facts.quiet_to_minute = rows[i].to;
        assert_int_equal(policy_decide(&facts).delay_ms, rows[i].delay_min * 60000);
        CHECK(facts, rows[i].delay_min ? POLICY_LATER : POLICY_ALLOWED,
              rows[i].delay_min ? "QUIET_HOURS" : "");
        facts.is_reply = true;
        CHECK(facts, POLICY_ALLOWED, "");
    }
}

static void keeps_the_pair_rate_after_all_else(void **state)
{
    (void)state;
    policy_facts_t facts = plain();
    facts.pair_wait_ms = 4000;
    CHECK(facts, POLICY_LATER, "PAIR_RATE");
    assert_int_equal(policy_decide(&facts).delay_ms, 4000);
    facts.customer_silent_ms = -1;
    CHECK(facts, POLICY_NEEDS_TEMPLATE, "WINDOW_CLOSED");
    facts.is_opted_out = true;
    CHECK(facts, POLICY_REFUSED, "OPTED_OUT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_a_reply_go),
        cmocka_unit_test(refuses_what_is_empty),
        cmocka_unit_test(refuses_files_that_cannot_go),
        cmocka_unit_test(says_nothing_to_who_wants_nothing),
        cmocka_unit_test(knows_the_window),
        cmocka_unit_test(waits_for_the_morning),
        cmocka_unit_test(keeps_the_pair_rate_after_all_else),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
