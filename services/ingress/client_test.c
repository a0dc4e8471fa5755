// client_test: whom a request counts for.
#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void reads_lists(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        act_err_t err;
        uint32_t count;
    } rows[] = {
        {"", ACT_E_OK, 0},
        {" , ", ACT_E_OK, 0},
        {"10.0.0.1", ACT_E_OK, 1},
        {"10.0.0.0/8, 192.168.1.1 ::1,2001:db8::/32", ACT_E_OK, 4},
        {"0.0.0.0/0", ACT_E_OK, 1},
        {"10.0.0.0/33", ACT_E_CONFIG, 0},
        {"10.0.0.0/-1", ACT_E_CONFIG, 0},
        {"10.0.0.0/x", ACT_E_CONFIG, 0},
        {"10.0.0", ACT_E_CONFIG, 0},
        {"proxy", ACT_E_CONFIG, 0},
        {"::/129", ACT_E_CONFIG, 0},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        client_proxies_t proxies = {.count = 0};
        assert_int_equal(client_proxies_parse(act_str(rows[i].text), &proxies), rows[i].err);
        assert_int_equal(proxies.count, rows[i].count);
    }
}

static void believes_only_named_proxies(void **state)
{
    (void)state;
    static const struct {
        const char *proxies;
        const char *peer;
        const char *forwarded_for;
        const char *address;
    } rows[] = {
        {"", "203.0.113.9", "198.51.100.1", "203.0.113.9"},
        {"10.0.0.1", "203.0.113.9", "198.51.100.1", "203.0.113.9"},
        {"10.0.0.1", "10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "10.0.0.1", "198.51.100.1", "198.51.100.1"},
        // What a client wrote itself stands further left.
        {"10.0.0.1", "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"},
        {"10.0.0.0/8", "10.0.0.1", "1.1.1.1, 198.51.100.1 , 10.2.3.4", "198.51.100.1"},
        {"10.0.0.0/8", "10.0.0.1", "10.9.9.9", "10.9.9.9"},
        {"10.0.0.0/8", "11.0.0.1", "198.51.100.1", "11.0.0.1"},
        {"10.0.0.0/9", "10.128.0.1", "198.51.100.1", "10.128.0.1"},
        {"::1", "::1", "2001:db8::7", "2001:db8::7"},
        {"10.0.0.1", "::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"},
        {"10.0.0.1", "10.0.0.1", "unknown", "unknown"},
        {"10.0.0.1", "10.0.0.1", " , ", "10.0.0.1"},
        {"0.0.0.0/0", "10.0.0.1", "1.1.1.1,2.2.2.2", "1.1.1.1"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        client_proxies_t proxies;
        assert_int_equal(client_proxies_parse(act_str(rows[i].proxies), &proxies), ACT_E_OK);
        act_str_t address =
            client_address(&proxies, act_str(rows[i].peer), act_str(rows[i].forwarded_for));
        assert_true(act_str_is(address, rows[i].address));
    }
}

static bool has_same_key(const char *a, const char *b)
{
    char room_a[CLIENT_KEY_BYTES], room_b[CLIENT_KEY_BYTES];
    return act_str_eq(client_key(act_str(a), room_a), client_key(act_str(b), room_b));
}

static void counts_networks_of_v6_and_addresses_of_v4(void **state)
{
    (void)state;
    assert_true(has_same_key("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
    assert_false(has_same_key("2001:db8:1:2::1", "2001:db8:1:3::1"));
    assert_true(has_same_key("192.0.2.1", "::ffff:192.0.2.1"));
    assert_false(has_same_key("192.0.2.1", "192.0.2.2"));
    assert_true(has_same_key("", ""));
    assert_false(has_same_key("unix", ""));
    assert_true(has_same_key("a text too long to be an address, which is cut, and then equal: 1",
                             "a text too long to be an address, which is cut, and then equal: 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lists),
        cmocka_unit_test(believes_only_named_proxies),
        cmocka_unit_test(counts_networks_of_v6_and_addresses_of_v4),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
