// price_test: what people type is what is stored, or it is refused.
#include "price.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void amounts_are_exact_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t digits;
        int64_t minor; // -1: refused
    } rows[] = {{"25", 2, 2500},
                {"22.5", 2, 2250},
                {"22.50", 2, 2250},
                {"0", 2, 0},
                {"0.05", 2, 5},
                {"1500", 0, 1500},
                {"1.234", 3, 1234},
                {"22.505", 2, -1},
                {"1.5", 0, -1},
                {"", 2, -1},
                {".5", 2, -1},
                {"5.", 2, -1},
                {"-1", 2, -1},
                {"1e3", 2, -1},
                {"1 000", 2, -1},
                {"22,50", 2, -1},
                {"1.2.3", 3, -1},
                {"99999999999999999999", 2, -1},
                {"0x10", 2, -1},
                {"10000000000", 2, 1000000000000},
                {"10000000000.01", 2, -1}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        int64_t minor = -1;
        bool is_good = price_parse(act_str(rows[i].text), rows[i].digits, &minor);
        if (is_good != (rows[i].minor >= 0) || minor != rows[i].minor)
            fail_msg("'%s' became %lld", rows[i].text, (long long)minor);
    }
}

static void what_is_stored_is_read_again(void **state)
{
    (void)state;
    static const struct {
        int64_t minor;
        uint32_t digits;
        const char *text;
    } rows[] = {{2250, 2, "22.50"}, {5, 2, "0.05"}, {1500, 0, "1500"}, {1234, 3, "1.234"}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        char text[PRICE_TEXT_BYTES];
        int64_t minor;
        price_text(rows[i].minor, rows[i].digits, text);
        assert_string_equal(text, rows[i].text);
        assert_true(price_parse(act_str(text), rows[i].digits, &minor));
        assert_int_equal(minor, rows[i].minor);
    }
    assert_int_equal(price_digits(ACT_STR("EUR")), 2);
    assert_int_equal(price_digits(ACT_STR("JPY")), 0);
}

static void breaks_are_a_list(void **state)
{
    (void)state;
    price_break_t breaks[2];
    uint32_t count;
    assert_true(price_breaks_parse(ACT_STR("50=22.50, 150.5=19.90"), 2, breaks, 2, &count));
    assert_int_equal(count, 2);
    assert_true(breaks[0].from_quantity == 50 && breaks[0].unit_price_minor == 2250);
    assert_true(breaks[1].from_quantity == 150.5 && breaks[1].unit_price_minor == 1990);
    assert_true(price_breaks_parse(ACT_STR(""), 2, breaks, 2, &count) && count == 0);
    static const char *const wrong[] = {"50", "50=", "=5", "0=5", "a=5", "1=1,2=2,3=3", "5=1.234"};
    for (size_t i = 0; i < ACT_COUNT(wrong); i++)
        assert_false(price_breaks_parse(act_str(wrong[i]), 2, breaks, 2, &count));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_exact_or_refused),
        cmocka_unit_test(what_is_stored_is_read_again),
        cmocka_unit_test(breaks_are_a_list),
    };
    return cmocka_run_group_tests_name("price", tests, NULL, NULL);
}
