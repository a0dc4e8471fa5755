// mail_test: what a message looks like, and what never leaves.
#include "io/mail.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_message_is_plain_and_ascii(void **state)
{
    (void)state;
    const act_mail_t mail = {.from = "bot@example.org",
                             .to = "me@example.org",
                             .subject = ACT_STR("Größe\nBcc: all@example.org"),
                             .text = ACT_STR("Hello.\r\n.\r\nQUIT"),
                             .message_id = ACT_STR("1.mail@parley")};
    act_buf_t out;
    act_buf_init(&out, 65536);
    act_mail_compose(&mail, 0, &out);
    act_buf_add_char(&out, '\0');
    assert_string_equal(out.ptr,
                        "From: <bot@example.org>\r\nTo: <me@example.org>\r\n"
                        "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <1.mail@parley>\r\n"
                        "Subject: =?UTF-8?B?R3LDtsOfZQ==?=\r\nMIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n"
                        "\r\nSGVsbG8uDQouDQpRVUlU\r\n");
    act_buf_fini(&out);
}

static void lines_are_short(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text);
    const act_mail_t mail = {.from = "a@b.c",
                             .to = "a@b.c",
                             .subject = act_str_of(text, sizeof text),
                             .text = act_str_of(text, sizeof text)};
    act_buf_t out;
    act_buf_init(&out, 65536);
    act_mail_compose(&mail, 0, &out);
    act_str_t rest = act_buf_str(&out);
    while (rest.len_bytes > 0)
        assert_in_range(act_str_cut(&rest, '\n').len_bytes, 1, 78);
    act_buf_fini(&out);
}

typedef struct {
    act_loop_t *loop;
    act_mail_result_t result;
} world_t;

static void on_done(void *context, const act_mail_result_t *result)
{
    world_t *world = context;
    world->result = *result;
    act_loop_stop(world->loop);
}

static void what_is_not_allowed_is_final(void **state)
{
    (void)state;
    static const struct {
        const char *host, *from, *to;
        act_err_t err;
    } rows[] = {
        {"127.0.0.1", "a@b.c", "a@b.c", ACT_E_FORBIDDEN},
        {"localhost", "a@b.c", "a@b.c", ACT_E_FORBIDDEN},
        {"169.254.169.254", "a@b.c", "a@b.c", ACT_E_FORBIDDEN},
        {"x.example/evil", "a@b.c", "a@b.c", ACT_E_INVALID_ARGUMENT},
        {"127.0.0.1", "a@b.c\r\nRCPT TO:<x@y.z>", "a@b.c", ACT_E_INVALID_ARGUMENT},
        {"127.0.0.1", "a@b.c", "a@b.c>,<x@y.z", ACT_E_INVALID_ARGUMENT},
        {"127.0.0.1", "a@b.c", "nobody", ACT_E_INVALID_ARGUMENT},
        {"127.0.0.1", "a@b.c", NULL, ACT_E_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        world_t world = {.loop = act_loop_new()};
        const act_mail_t mail = {.host = rows[i].host,
                                 .port = 9,
                                 .security = ACT_MAIL_PLAIN,
                                 .from = rows[i].from,
                                 .to = rows[i].to,
                                 .timeout_ms = 5000};
        act_mail_send(world.loop, &mail, on_done, &world);
        act_loop_run(world.loop);
        assert_int_equal(world.result.err, rows[i].err);
        assert_true(world.result.is_final);
        act_loop_destroy(&world.loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_plain_and_ascii),
        cmocka_unit_test(lines_are_short),
        cmocka_unit_test(what_is_not_allowed_is_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
