// prices: rows by day, band and dated names; costs rounded up. And options of models.
#include "prices.h"

#include "caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOVEMBER_2026 20778 // 2026-11-21
#define JANUARY_2027 20820
#define SEPTEMBER_2026 20700

static int64_t cost(const char *model, int64_t day, model_usage_t usage)
{
    int64_t prompt = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
    const price_t *price = price_find(act_str(model), day, prompt);
    return price ? price_cost_micro_usd(price, &usage) : -1;
}

static void prices_have_days_bands_and_dated_names(void **state)
{
    (void)state;
    model_usage_t million_in = {.input_tokens = 1000000};
    model_usage_t million_out = {.output_tokens = 1000000};
    model_usage_t million_read = {.cache_read_tokens = 1000000};
    assert_int_equal(cost("claude-haiku-5-5", NOVEMBER_2026, million_out), 500000);
    assert_int_equal(cost("claude-haiku-5-5", NOVEMBER_2026, million_in),
                     500000); // over 100k: the band
    assert_int_equal(
        cost("claude-haiku-5-5", NOVEMBER_2026, (model_usage_t){.input_tokens = 100000}), 10000);
    assert_int_equal(
        cost("claude-haiku-5-5", NOVEMBER_2026, (model_usage_t){.input_tokens = 100001}), 50001);
    assert_int_equal(cost("claude-sonnet-5-5", SEPTEMBER_2026, million_read), 200000);
    assert_int_equal(cost("claude-sonnet-5-5", NOVEMBER_2026, million_read), 100000);
    assert_int_equal(cost("gemini-3.8-flash", NOVEMBER_2026, million_out), 3750000);
    assert_int_equal(cost("gemini-3.8-flash", JANUARY_2027, million_out), 7500000);
    assert_int_equal(cost("claude-haiku-4-5-20251001", NOVEMBER_2026, million_in), 1000000);
    assert_int_equal(cost("claude-haiku-4-5-turbo", NOVEMBER_2026, million_in), -1);
    assert_int_equal(cost("qwen3", NOVEMBER_2026, million_in), -1); // unknown, not free
    assert_int_equal(cost("whisper-1", NOVEMBER_2026, (model_usage_t){.audio_ms = 90000}), 9000);
    assert_int_equal(cost("gpt-6-luna", NOVEMBER_2026, (model_usage_t){.input_tokens = 1}),
                     1); // up
}

static void options_change_what_is_known(void **state)
{
    (void)state;
    caps_t caps;
    act_str_t bad;
    assert_true(caps_read("anthropic", ACT_STR("claude-sonnet-5-5"), ACT_STR(""), &caps, &bad));
    assert_false(caps.flags & CAP_FORCED_TOOL);
    assert_true(caps.flags & CAP_THINKING_BETWEEN);
    assert_true(caps_read(
        "anthropic", ACT_STR("claude-sonnet-5-5"),
        ACT_STR(" forced_tool, -images,max_output_tokens = 99,input_price=5,output_price=7"), &caps,
        &bad));
    assert_true(caps.flags & CAP_FORCED_TOOL);
    assert_false(caps.flags & CAP_IMAGES);
    assert_int_equal(caps.max_output_tokens, 99);
    assert_int_equal(caps.input_price, 5);
    static const char *const wrong[] = {"colour", "max_output_tokens=0", "max_output_tokens=x",
                                        "idle_ms", "tools=1"};
    for (size_t i = 0; i < ACT_COUNT(wrong); i++) {
        assert_false(caps_read("openai", ACT_STR("m"), act_str(wrong[i]), &caps, &bad));
        assert_true(act_str_eq(bad, act_str(wrong[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_have_days_bands_and_dated_names),
        cmocka_unit_test(options_change_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
