// pattern_test: what matches, what is refused, and that no pattern takes more than linear time.
#include "tool/pattern.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *pattern, *text;
    bool is_match;
} rows[] = {
    {"", "", true},
    {"", "x", true},
    {"^$", "", true},
    {"^$", "x", false},
    {"b", "abc", true},
    {"^b", "abc", false},
    {"c$", "abc", true},
    {"^a.c$", "abc", true},
    {"^a.c$", "a\nc", false},
    {"^(ab|cd|ef)+$", "abefcd", true},
    {"^(ab|cd|ef)+$", "abefc", false},
    {"^a*$", "aaaa", true},
    {"^a+$", "", false},
    {"^a?b$", "b", true},
    {"^a?b$", "aab", false},
    {"^[a-c]+$", "abcabc", true},
    {"^[^a-c]+$", "xyz", true},
    {"^[^a-c]+$", "xaz", false},
    {"^[-a]+$", "-a-", true},
    {"^[a\\]]+$", "]a", true},
    {"^\\d{3}-\\d{4}$", "555-0123", true},
    {"^\\d{3}-\\d{4}$", "555-012", false},
    {"^\\w+@\\w+\\.\\w{2,}$", "ana@example.fr", true},
    {"^\\w+@\\w+\\.\\w{2,}$", "ana@example.f", false},
    {"^a{2,3}$", "a", false},
    {"^a{2,3}$", "aaa", true},
    {"^a{2,3}$", "aaaa", false},
    {"^(a{2}){2}$", "aaaa", true},
    {"^a{0}b$", "b", true},
    {"^(a|)b$", "b", true},
    {"^\xc3\xa9{2}$", "\xc3\xa9\xc3\xa9", true},
    {"^.$", "\xf0\x9f\x98\x80", true},
    {"^[\xc3\xa0-\xc3\xbf]$", "\xc3\xa9", true},
    {"^\\S+\\s\\S+$", "a b", true},
    {"^\\u00e9$", "\xc3\xa9", true},
    {"^(?:ab)+$", "abab", true},
    {"x*", "aaa", true},
    {"a|b|c", "zzc", true},
    {"^a|b$", "xb", true},
};

static void patterns_match_what_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        ACT_AUTO(act_pattern) *pattern = act_pattern_new(act_str(rows[i].pattern));
        assert_non_null(pattern);
        if (act_pattern_matches(pattern, act_str(rows[i].text)) != rows[i].is_match)
            fail_msg("%s on %s", rows[i].pattern, rows[i].text);
    }
}

static void what_is_not_ours_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "(",       ")",     "a)",    "[a",      "*a",
        "+",       "a**",   "a{",    "a{2",     "a{3,2}",
        "a{1001}", "(?=a)", "(?!a)", "(?<n>a)", "\\1",
        "\\b",     "\\k",   "\\",    "[b-a]",   "[\\d-z]",
        "a*?",     "^*",    "\\x1",  "\xff",    "(((a{100}){100}){100})"};
    for (size_t i = 0; i < ACT_COUNT(bad); i++) {
        act_pattern_t *pattern = act_pattern_new(act_str(bad[i]));
        if (pattern)
            fail_msg("%s was taken", bad[i]);
    }
    char deep[2000];
    memset(deep, '(', sizeof deep);
    assert_null(act_pattern_new(act_str_of(deep, sizeof deep)));
}

// With backtracking these would not end before the sun does.
static void nothing_explodes(void **state)
{
    (void)state;
    static const char *const evil[] = {"^(a+)+$",   "^(a|a)*$",    "^(a*)*b$",
                                       "^(a|aa)+$", "^(.*a){20}$", "^(a?){50}a{50}$"};
    char text[5001];
    memset(text, 'a', 5000);
    text[4999] = '!';
    for (size_t i = 0; i < ACT_COUNT(evil); i++) {
        ACT_AUTO(act_pattern) *pattern = act_pattern_new(act_str(evil[i]));
        assert_non_null(pattern);
        assert_false(act_pattern_matches(pattern, act_str_of(text, 5000)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_what_they_say),
        cmocka_unit_test(what_is_not_ours_is_refused),
        cmocka_unit_test(nothing_explodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
