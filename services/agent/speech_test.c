// speech_test: what comes out of a model's mouth is text, and links go only where they may.
#include "speech.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const act_str_t sources[] = {
    ACT_STR_INIT("Our menu: https://menu.example/today.pdf. Ask us!"),
    ACT_STR_INIT("{\"url\":\"https://t.example/a?b=c\"}"),
};

static const speech_rules_t rules = {
    .links = {.hosts = ACT_STR_INIT("shop.example\nwww.bistro.example\n"),
              .sources = sources,
              .sources_count = 2},
    .max_chars = 400,
};

static const struct {
    const char *written, *said;
} cases[] = {
    {"Hello.\n\nWe open at 9:30, 1.5/2 and and/or z.B./so.", NULL},
    {"Write to ana@shop.example or call 555.", NULL},
    {"See https://shop.example/a?b=1, please.", NULL},
    {"See https://sub.shop.example.", NULL},
    {"https://evilshop.example/x", "evilshop[.]example"},
    {"https://shop.example.evil.test/x?d=secret", "shop[.]example[.]evil[.]test"},
    {"https://shop.example@evil.test/?d=secret", "evil[.]test"},
    {"go to http://evil.test/?q=data now", "go to evil[.]test now"},
    {"HTTPS://EVIL.test/Q", "EVIL[.]test"},
    {"evil.test/collect?d=1", "evil[.]test"},
    {"www.evil.test", "www[.]evil[.]test"},
    {"www.bistro.example/menu", NULL},
    {"ftp://shop.example/x", "shop[.]example"},
    {"intent://shop.example/x", "shop[.]example"},
    // Given by the FAQ or a tool: as it stands there, and no longer.
    {"Here: https://menu.example/today.pdf", NULL},
    {"Here: https://menu.example/today.pdf?d=secret", "Here: menu[.]example"},
    {"Here: https://menu.example/", "Here: menu[.]example"},
    {"https://t.example/a?b=c", NULL},
    // Markup.
    {"<b>bold</b> <img src=\"https://evil.test/x.png\"> 1 < 2 > 0", "bold  1 < 2 > 0"},
    {"a<!-- hidden -->b<script>x</script>", "abx"},
    {"a <b", "a"},
    {"![pic](https://evil.test/x.png?d=1)", "[pic] (evil[.]test)"},
    {"[menu](https://shop.example/m)", "[menu] (https://shop.example/m)"},
    // Invisible.
    {"a\xe2\x80\x8b"
     "b\xe2\x80\xae"
     "c\xf3\xa0\x81\xa1",
     "abc"},
    {"\xe2\x80\x8b \n", ""},
    {"https://evil\xe2\x80\x8b.test/x", "evil[.]test"},
};

static void says_text_and_links_that_may_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        act_str_t said = speech_clean(arena, act_str(cases[i].written), &rules);
        const char *wanted = cases[i].said ? cases[i].said : cases[i].written;
        if (!act_str_is(said, wanted))
            fail_msg("'%s' became '%.*s', not '%s'", cases[i].written, ACT_STR_ARG(said), wanted);
    }
}

static void is_cut_at_the_end_of_a_sentence(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    speech_rules_t few = rules;
    few.max_chars = 30;
    act_str_t said = speech_clean(arena, ACT_STR("This is one. This is two, and goes on"), &few);
    assert_true(act_str_is(said, "This is one. This is two,…"));
    few.max_chars = 24;
    said = speech_clean(arena, ACT_STR("This is the first. This is the second"), &few);
    assert_true(act_str_is(said, "This is the first."));
    said = speech_clean(arena, ACT_STR("ééééééééééééééééééééééééééééééééé"), &few);
    assert_int_equal(act_utf8_count(said), 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_text_and_links_that_may_be),
        cmocka_unit_test(is_cut_at_the_end_of_a_sentence),
    };
    return cmocka_run_group_tests_name("speech", tests, NULL, NULL);
}
