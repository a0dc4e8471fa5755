// tap_file_test: records come back as they went in; nothing else is read.
#include "actor/tap_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static act_tap_record_t frame(void)
{
    return (act_tap_record_t){
        .kind = ACT_TAP_FRAME,
        .at_us = INT64_C(1790000000000000),
        .name = ACT_STR("session-1"),
        .is_in = true,
        .header = {.kind = ACT_KIND_CALL,
                   .id = 77,
                   .service = ACT_STR("flow"),
                   .method = ACT_STR("run")},
        .body = ACT_STR("\x81\xa1x\x01"),
    };
}

static void records_come_back(void **state)
{
    (void)state;
    act_buf_t file;
    act_buf_init(&file, ACT_BUF_DEFAULT_MAX_BYTES);
    act_tap_record_t row = {.kind = ACT_TAP_START, .at_us = 5, .name = ACT_STR("session")};
    act_tap_file_pack(&row, &file);
    row = frame();
    act_tap_file_pack(&row, &file);
    row = (act_tap_record_t){.kind = ACT_TAP_END, .name = ACT_STR("bytes"), .frames = 1};
    act_tap_file_pack(&row, &file);
    act_str_t rest = act_buf_str(&file);
    assert_int_equal(act_tap_file_next(&rest, &row), ACT_E_OK);
    assert_int_equal(row.kind, ACT_TAP_START);
    assert_int_equal(row.at_us, 5);
    assert_int_equal(act_tap_file_next(&rest, &row), ACT_E_OK);
    assert_int_equal(row.at_us, INT64_C(1790000000000000));
    assert_true(row.is_in && act_str_is(row.name, "session-1"));
    assert_true(row.header.id == 77 && act_str_is(row.header.method, "run"));
    assert_int_equal(row.body.len_bytes, 4);
    assert_int_equal(act_tap_file_next(&rest, &row), ACT_E_OK);
    assert_true(row.kind == ACT_TAP_END && row.frames == 1 && act_str_is(row.name, "bytes"));
    assert_int_equal(act_tap_file_next(&rest, &row), ACT_E_NOT_FOUND);
    act_buf_fini(&file);
}

static void what_is_cut_or_changed_is_malformed_and_never_more(void **state)
{
    (void)state;
    act_buf_t file;
    act_buf_init(&file, ACT_BUF_DEFAULT_MAX_BYTES);
    act_tap_record_t row = frame();
    act_tap_file_pack(&row, &file);
    for (size_t len = 1; len < file.len_bytes; len++) {
        act_str_t rest = act_str_of(file.ptr, len);
        assert_int_equal(act_tap_file_next(&rest, &row), ACT_E_MALFORMED);
        assert_int_equal(rest.len_bytes, len);
    }
    for (size_t i = 0; i < file.len_bytes; i++)
        for (int bit = 0; bit < 8; bit++) { // sanitizers watch
            file.ptr[i] = (char)(file.ptr[i] ^ (1 << bit));
            act_str_t rest = act_buf_str(&file);
            act_err_t err = act_tap_file_next(&rest, &row);
            assert_true(err == ACT_E_OK || err == ACT_E_MALFORMED);
            file.ptr[i] = (char)(file.ptr[i] ^ (1 << bit));
        }
    act_buf_fini(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back),
        cmocka_unit_test(what_is_cut_or_changed_is_malformed_and_never_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
