// id_test: what RFC 9562 says of version 7, and that ids of later milliseconds sort later.
#include "base/id.h"

#include "base/mem.h"
#include "harness/fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IDS_COUNT 20000

static void the_text_is_a_uuid_of_version_7(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        char text[ACT_UUID_TEXT_BYTES];
        act_uuid7(text);
        assert_int_equal(strlen(text), 36);
        for (size_t at = 0; at < 36; at++) {
            bool is_dash = at == 8 || at == 13 || at == 18 || at == 23;
            assert_non_null(strchr(is_dash ? "-" : "0123456789abcdef", text[at]));
        }
        assert_int_equal(text[14], '7');           // version
        assert_non_null(strchr("89ab", text[19])); // variant
    }
}

static void derived_ids_are_the_same_for_the_same_number_only(void **state)
{
    (void)state;
    char of[ACT_UUID_TEXT_BYTES], other[ACT_UUID_TEXT_BYTES];
    act_uuid7(of);
    act_uuid7(other);
    char ids[64][ACT_UUID_TEXT_BYTES];
    for (uint32_t i = 0; i < 64; i++) {
        char again[ACT_UUID_TEXT_BYTES];
        act_uuid7_of(i < 32 ? of : other, i % 32, ids[i]);
        act_uuid7_of(i < 32 ? of : other, i % 32, again);
        assert_string_equal(ids[i], again);
        assert_memory_equal(ids[i], i < 32 ? of : other, 15); // the same time and version
        assert_non_null(strchr("89ab", ids[i][19]));
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(ids[i], ids[k]);
    }
}

static void the_first_48_bits_are_the_milliseconds(void **state)
{
    (void)state;
    static const int64_t times_ms[] = {0, 1, 0x0123456789ab, 0xffffffffffff};
    for (size_t i = 0; i < ACT_COUNT(times_ms); i++) {
        fake_clock_stop_wall_at_us(times_ms[i] * 1000 + 999);
        char text[ACT_UUID_TEXT_BYTES], expected[32];
        act_uuid7(text);
        snprintf(expected, sizeof expected, "%08llx-%04llx", (unsigned long long)times_ms[i] >> 16,
                 (unsigned long long)times_ms[i] & 0xffff);
        assert_memory_equal(text, expected, 13);
    }
}

static void ids_of_later_milliseconds_sort_later(void **state)
{
    (void)state;
    fake_clock_stop_wall_at_us(INT64_C(1795251600000000));
    char previous[ACT_UUID_TEXT_BYTES] = "";
    for (int i = 0; i < 70000; i++) { // through a change of the upper part
        char text[ACT_UUID_TEXT_BYTES];
        act_uuid7(text);
        assert_true(strcmp(previous, text) < 0);
        memcpy(previous, text, sizeof text);
        fake_clock_advance_ms(1);
    }
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void ids_of_one_millisecond_differ(void **state)
{
    (void)state;
    fake_clock_stop_wall_at_us(INT64_C(1795251600000000));
    char(*ids)[ACT_UUID_TEXT_BYTES] = act_alloc_array(IDS_COUNT, sizeof *ids);
    for (int i = 0; i < IDS_COUNT; i++)
        act_uuid7(ids[i]);
    qsort(ids, IDS_COUNT, sizeof *ids, compare_ids);
    for (int i = 1; i < IDS_COUNT; i++)
        assert_string_not_equal(ids[i - 1], ids[i]);
    act_free(ids);
}

// Every random bit must be seen as 0 and as 1; the fixed ones never change.
static void all_other_bits_are_random(void **state)
{
    (void)state;
    uint64_t low_or = 0, low_and = UINT64_MAX, middle_or = 0, middle_and = UINT64_MAX;
    for (int i = 0; i < 1000; i++) {
        char text[ACT_UUID_TEXT_BYTES];
        act_uuid7(text);
        uint64_t middle = strtoull(text + 15, NULL, 16); // three digits behind the version
        uint64_t low = strtoull(text + 19, NULL, 16) << 48 | strtoull(text + 24, NULL, 16);
        middle_or |= middle;
        middle_and &= middle;
        low_or |= low;
        low_and &= low;
    }
    assert_int_equal(middle_or, 0xfff);
    assert_int_equal(middle_and, 0);
    assert_true(low_or == UINT64_C(0xbfffffffffffffff));
    assert_true(low_and == UINT64_C(0x8000000000000000));
}

static void random_bytes_fill_exactly_what_was_asked(void **state)
{
    (void)state;
    uint8_t seen[256] = {0};
    for (int round = 0; round < 200; round++) {
        uint8_t bytes[258] = {0};
        act_random(bytes + 1, 256);
        assert_int_equal(bytes[0], 0);
        assert_int_equal(bytes[257], 0);
        for (size_t i = 0; i < 256; i++)
            seen[i] |= bytes[i + 1];
    }
    for (size_t i = 0; i < 256; i++)
        assert_int_equal(seen[i], 0xff);
    assert_true(act_random_u64() != act_random_u64());
}

static void numbers_of_a_pool_differ_beyond_its_size(void **state)
{
    (void)state;
    act_random_pool_t pool = {0};
    uint64_t seen[100];
    for (size_t i = 0; i < ACT_COUNT(seen); i++) {
        seen[i] = act_random_pool_u64(&pool);
        for (size_t j = 0; j < i; j++)
            assert_true(seen[j] != seen[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_a_uuid_of_version_7),
        cmocka_unit_test(derived_ids_are_the_same_for_the_same_number_only),
        cmocka_unit_test(the_first_48_bits_are_the_milliseconds),
        cmocka_unit_test(ids_of_later_milliseconds_sort_later),
        cmocka_unit_test(ids_of_one_millisecond_differ),
        cmocka_unit_test(all_other_bits_are_random),
        cmocka_unit_test(random_bytes_fill_exactly_what_was_asked),
        cmocka_unit_test(numbers_of_a_pool_differ_beyond_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
