// tap_show_test: bodies by their models, answers by their calls, nothing secret.
#include "tap_show.h"

#include "base/mem.h"
#include "base/mp.h"
#include "proto/persistence.h"
#include "proto/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *line_of(tap_show_t *show, act_buf_t *out, const act_tap_record_t *record)
{
    act_buf_reset(out);
    tap_show_record(show, record, out);
    act_buf_add_char(out, '\0');
    return out->ptr;
}

static act_tap_record_t frame(bool is_in, act_kind_t kind, uint64_t id, act_str_t body)
{
    return (act_tap_record_t){
        .kind = ACT_TAP_FRAME,
        .name = ACT_STR("session-1"),
        .is_in = is_in,
        .header = {.kind = (uint8_t)kind, .id = id},
        .body = body,
    };
}

static void an_answer_is_read_by_its_call(void **state)
{
    (void)state;
    tap_show_t *show = tap_show_new();
    act_buf_t body, out;
    act_buf_init(&body, 65536);
    act_buf_init(&out, 65536);
    understand_request_t request = {.text = ACT_STR("call 0612345678 or ana@example.com")};
    understand_request_pack(&request, &body);
    act_tap_record_t record = frame(false, ACT_KIND_CALL, 9, act_buf_str(&body));
    record.header.service = ACT_STR("session");
    record.header.method = ACT_STR("understand");
    const char *line = line_of(show, &out, &record);
    assert_non_null(strstr(line, "\"direction\":\"out\",\"kind\":\"CALL\",\"id\":9"));
    assert_non_null(strstr(line, "\"text\":\"call [redacted] or [redacted]\""));
    act_buf_reset(&body);
    understand_reply_t reply = {.intent = ACT_STR("greeting"), .confidence = 0.5};
    understand_reply_pack(&reply, &body);
    record = frame(true, ACT_KIND_REPLY, 9, act_buf_str(&body));
    line = line_of(show, &out, &record);
    assert_non_null(strstr(line, "\"method\":\"understand\""));
    assert_non_null(strstr(line, "\"intent\":\"greeting\",\"confidence\":0.5"));
    record.is_in = false; // the same way as the call: another one's answer
    assert_null(strstr(line_of(show, &out, &record), "\"method\""));
    act_buf_fini(&body);
    act_buf_fini(&out);
    tap_show_destroy(&show);
    assert_null(show);
}

static void secret_fields_are_left_out(void **state)
{
    (void)state;
    tap_show_t *show = tap_show_new();
    act_buf_t body, out;
    act_buf_init(&body, 65536);
    act_buf_init(&out, 65536);
    put_channel_account_request_t request = {.channel = ACT_STR("whatsapp"),
                                             .app_secret = ACT_STR("very-secret"),
                                             .access_token = ACT_STR("token-x")};
    put_channel_account_request_pack(&request, &body);
    act_tap_record_t record = frame(true, ACT_KIND_CALL, 1, act_buf_str(&body));
    record.header.service = ACT_STR("persistence");
    record.header.method = ACT_STR("put_channel_account");
    const char *line = line_of(show, &out, &record);
    assert_null(strstr(line, "very-secret"));
    assert_null(strstr(line, "token-x"));
    record.header.method = ACT_STR("not_known_here"); // then by the names in the msgpack
    line = line_of(show, &out, &record);
    assert_non_null(strstr(line, "\"channel\":\"whatsapp\""));
    assert_null(strstr(line, "very-secret"));
    assert_null(strstr(line, "token-x"));
    act_buf_fini(&body);
    act_buf_fini(&out);
    tap_show_destroy(&show);
}

static void what_is_no_message_is_null(void **state)
{
    (void)state;
    tap_show_t *show = tap_show_new();
    act_buf_t out;
    act_buf_init(&out, 65536);
    act_tap_record_t record = frame(true, ACT_KIND_EVENT, 0, ACT_STR("\xc1\xff"));
    record.header.service = ACT_STR("conversation/1");
    const char *line = line_of(show, &out, &record);
    assert_non_null(strstr(line, "\"topic\":\"conversation/1\""));
    assert_non_null(strstr(line, "\"body_bytes\":2,\"body\":null}"));
    act_tap_record_t end = {.kind = ACT_TAP_END, .name = ACT_STR("bytes"), .frames = 4};
    assert_non_null(strstr(line_of(show, &out, &end), "\"reason\":\"bytes\",\"frames\":4}"));
    act_buf_fini(&out);
    tap_show_destroy(&show);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read_by_its_call),
        cmocka_unit_test(secret_fields_are_left_out),
        cmocka_unit_test(what_is_no_message_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
