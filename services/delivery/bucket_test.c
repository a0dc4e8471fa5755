// bucket_test: the rate holds in the long run, and bursts are short.
#include "bucket.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int take_all(bucket_t *bucket, int64_t now_ms)
{
    int count = 0;
    while (bucket_take(bucket, now_ms))
        count++;
    return count;
}

static void holds_the_rate(void **state)
{
    (void)state;
    static const int64_t rates[] = {1, 3, 20, 80, 1000, 100000};
    for (size_t i = 0; i < ACT_COUNT(rates); i++) {
        bucket_t bucket;
        bucket_init(&bucket, rates[i], /* now_ms= */ 5000);
        int64_t burst_count = take_all(&bucket, 5000);
        assert_int_equal(burst_count, rates[i] >= 4 ? rates[i] / 4 : 1);
        int64_t count = 0;
        for (int64_t now_ms = 5000; now_ms <= 15000; now_ms += 10)
            count += take_all(&bucket, now_ms);
        assert_in_range(count, 10 * rates[i] - 1, 10 * rates[i] + 1);
    }
}

static void forgets_long_pauses(void **state)
{
    (void)state;
    bucket_t bucket;
    bucket_init(&bucket, 80, 0);
    assert_int_equal(take_all(&bucket, INT64_MAX / 2), 20);
    assert_int_equal(take_all(&bucket, 0), 0); // a clock that goes back gives nothing
}

static void two_hold_half_each(void **state)
{
    (void)state;
    bucket_t buckets[2];
    int64_t count = 0;
    for (int i = 0; i < 2; i++)
        bucket_init(&buckets[i], 80, 0);
    for (int64_t now_ms = 0; now_ms <= 10000; now_ms += 10) {
        for (int i = 0; i < 2; i++) {
            bucket_set_rate(&buckets[i], 40);
            count += take_all(&buckets[i], now_ms);
        }
    }
    assert_in_range(count, 800, 820 + 2);
    bucket_set_rate(&buckets[0], 0); // more instances than messages a second: one at least
    assert_int_equal(take_all(&buckets[0], 20000), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_the_rate),
        cmocka_unit_test(forgets_long_pauses),
        cmocka_unit_test(two_hold_half_each),
    };
    return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
