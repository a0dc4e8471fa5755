// cache: bounded in entries and bytes, the least used goes first, nothing crosses tenants.
#include "cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static cache_key_t key_of(const char *tenant, int number)
{
    char request[16];
    (void)snprintf(request, sizeof request, "%d", number);
    return cache_key(act_str(tenant), ACT_STR("chat"), ACT_STR("m"), act_str(request));
}

static bool has(cache_t *cache, const char *tenant, int number, int64_t now_ms)
{
    cache_key_t key = key_of(tenant, number);
    return !act_str_empty(cache_get(cache, &key, now_ms));
}

static void put(cache_t *cache, int number, const char *value)
{
    cache_key_t key = key_of("demo", number);
    cache_put(cache, &key, act_str(value), 0);
}

static void keeps_the_latest_used(void **state)
{
    (void)state;
    cache_t *cache = cache_new(3, 1000, 1000);
    for (int i = 0; i < 3; i++)
        put(cache, i, "value");
    assert_true(has(cache, "demo", 0, 1));
    put(cache, 3, "value");
    assert_true(has(cache, "demo", 0, 1));
    assert_false(has(cache, "demo", 1, 1));
    assert_false(has(cache, "other", 0, 1));
    assert_false(has(cache, "demo", 0, 1001)); // old
    put(cache, 3, "another");
    cache_key_t key = key_of("demo", 3);
    assert_true(act_str_is(cache_get(cache, &key, 1), "another"));
    cache_destroy(&cache);
    cache_destroy(&cache);
}

static void stays_within_its_bytes(void **state)
{
    (void)state;
    cache_t *cache = cache_new(1000, 40, 1000);
    for (int i = 0; i < 100; i++) {
        put(cache, i, "0123456789");
        assert_true(cache_bytes(cache) <= 40);
        assert_true(has(cache, "demo", i, 1));
    }
    put(cache, 200, "0123456789a"); // more than a quarter of it all
    assert_false(has(cache, "demo", 200, 1));
    cache_destroy(&cache);
    cache = cache_new(0, 40, 1000);
    put(cache, 1, "x");
    assert_false(has(cache, "demo", 1, 1));
    cache_destroy(&cache);
}

// "a" + "bc" is not "ab" + "c".
static void parts_of_keys_do_not_run_together(void **state)
{
    (void)state;
    cache_t *cache = cache_new(10, 1000, 1000);
    cache_key_t one = cache_key(ACT_STR("a"), ACT_STR("bc"), ACT_STR(""), ACT_STR(""));
    cache_key_t two = cache_key(ACT_STR("ab"), ACT_STR("c"), ACT_STR(""), ACT_STR(""));
    cache_put(cache, &one, ACT_STR("x"), 0);
    assert_true(act_str_empty(cache_get(cache, &two, 1)));
    cache_destroy(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_latest_used),
        cmocka_unit_test(stays_within_its_bytes),
        cmocka_unit_test(parts_of_keys_do_not_run_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
