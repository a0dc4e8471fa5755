// shape_test: endings in several scripts, and what has no text.
#include "shape.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_text_is_judged_by_its_end(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shape;
    } rows[] = {
        {"tomorrow at 10h", "words"},
        {"tomorrow at 10h.", "sentence"},
        {"à quelle heure ouvrez-vous ?  ", "sentence"},
        {"متى تفتحون؟", "sentence"},
        {"何時ですか？", "sentence"},
        {"hello,", "fragment"},
        {"i wanted to ask...", "fragment"},
        {"i wanted to ask…\n", "fragment"},
        {"my address:", "fragment"},
        {"well -", "fragment"},
        {".", "sentence"},
        {"   ", "media"},
        {"", "media"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        inbound_content_t content = {.text = act_str(rows[i].text)};
        inbound_message_t message = {.content = &content};
        assert_string_equal(shape_of(&message), rows[i].shape);
    }
}

static void a_choice_is_a_choice_whatever_its_title(void **state)
{
    (void)state;
    inbound_content_t content = {.text = ACT_STR("Tell me:"), .choice_id = ACT_STR("menu:x")};
    assert_string_equal(shape_of(&(inbound_message_t){.content = &content}), "choice");
}

static void a_message_without_content_is_media(void **state)
{
    (void)state;
    assert_string_equal(shape_of(&(inbound_message_t){.content = NULL}), "media");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_judged_by_its_end),
        cmocka_unit_test(a_choice_is_a_choice_whatever_its_title),
        cmocka_unit_test(a_message_without_content_is_media),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
