// contact: addresses and numbers as people write them, and what only looks like one.
#include "contact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    const char *text;
    const char *contact;
} row_t;

static void assert_rows(const row_t *rows, size_t count)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < count; i++) {
        act_str_t contact = contact_find(arena, act_str(rows[i].text));
        if (!act_str_is(contact, rows[i].contact))
            fail_msg("'%s' gives '%.*s', not '%s'", rows[i].text, ACT_STR_ARG(contact),
                     rows[i].contact);
    }
}

static void finds_email_addresses(void **state)
{
    (void)state;
    static const row_t rows[] = {
        {"ana@post.example", "ana@post.example"},
        {"my mail is Jo.Baker+home@sub.post.example.", "Jo.Baker+home@sub.post.example"},
        {"<mailto:x_y@a-b.example>", "x_y@a-b.example"},
        {"(ana@post.example), please", "ana@post.example"},
        {"06 39 98 44 21 or ana@post.example", "ana@post.example"},
        {"بريدي salma@post.example", "salma@post.example"},
        {"first\nana@post.example", "ana@post.example"},
        {"@ana", ""},
        {"ana@post", ""},
        {"ana@.example", ""},
        {"ana..b@post.example", ""},
        {".ana@post.example", ""},
        {"ana@po st.example", ""},
        {"a@b@post.example", ""},
        {"ana@post.exämple", ""},
        {"ana at post dot example", ""},
    };
    assert_rows(rows, ACT_COUNT(rows));
}

static void finds_phone_numbers(void **state)
{
    (void)state;
    static const row_t rows[] = {
        {"+44 7700 900123", "+447700900123"},
        {"call 06.39.98.44.21 please", "0639984421"},
        {"(030) 23125-123", "03023125123"},
        {"tel:0176/5550123", "01765550123"},
        {"رقمي ٠٥٠٠٠٠٠١٣٤", "0500000134"},
        {"06\u202F39\u202F98\u202F44\u202F21", "0639984421"},
        {"I need 12 doors, 020 7946 0112", "02079460112"},
        {"12345", ""},
        {"+", ""},
        {"1234567890123456", ""},
        {"yes", ""},
        {"", ""},
    };
    assert_rows(rows, ACT_COUNT(rows));
}

static void bounds_an_address(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    char text[300];
    memset(text, 'a', sizeof text);
    snprintf(text + CONTACT_EMAIL_MAX_BYTES - 10, 11, "@b.example");
    assert_true(contact_is_email(contact_find(arena, act_str(text))));
    memset(text, 'a', sizeof text);
    snprintf(text + CONTACT_EMAIL_MAX_BYTES - 9, 11, "@b.example");
    assert_true(act_str_empty(contact_find(arena, act_str(text))));
    assert_false(contact_is_email(ACT_STR("0639984421")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_email_addresses),
        cmocka_unit_test(finds_phone_numbers),
        cmocka_unit_test(bounds_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
