// model_file_test: what is written is read; what is damaged in any byte is refused.
#include "text/model_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct {
    char path[64];
    act_buf_t bytes;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *fixture = act_alloc(sizeof *fixture);
    strcpy(fixture->path, "/tmp/parley-model-XXXXXX");
    close(mkstemp(fixture->path));
    act_buf_init(&fixture->bytes, 1 << 20);
    const act_model_file_section_t sections[] = {
        {"first", ACT_STR_INIT("hello")},
        {"empty", ACT_STR_INIT("")},
        {"last", ACT_STR_INIT("0123456789abcdef")},
    };
    act_model_file_pack(sections, ACT_COUNT(sections), &fixture->bytes);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *fixture = *state;
    unlink(fixture->path);
    act_buf_fini(&fixture->bytes);
    act_free(fixture);
    return 0;
}

static void write_bytes(const fixture_t *fixture, const char *bytes, size_t len_bytes)
{
    FILE *file = fopen(fixture->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len_bytes, file), len_bytes);
    assert_int_equal(fclose(file), 0);
}

static act_err_t open_file(const fixture_t *fixture, act_model_file_t **ret_file)
{
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_err_t err = act_model_file_open(fixture->path, ret_file, &error);
    // One line that names the file, exactly when it failed.
    assert_int_equal(err != ACT_E_OK, error.len_bytes > 0);
    act_buf_fini(&error);
    return err;
}

static void sections_are_read_back(void **state)
{
    fixture_t *fixture = *state;
    act_model_file_t *file = NULL;
    write_bytes(fixture, fixture->bytes.ptr, fixture->bytes.len_bytes);
    assert_int_equal(open_file(fixture, &file), ACT_E_OK);
    assert_true(act_str_is(act_model_file_section(file, "first"), "hello"));
    assert_true(act_str_is(act_model_file_section(file, "last"), "0123456789abcdef"));
    assert_true(act_str_empty(act_model_file_section(file, "empty")));
    assert_true(act_str_empty(act_model_file_section(file, "missing")));
    assert_int_equal((uintptr_t)act_model_file_section(file, "last").ptr % 8, 0);
    act_model_file_destroy(&file);
    assert_null(file);
    act_model_file_destroy(&file);
}

static void a_change_of_any_byte_is_noticed(void **state)
{
    fixture_t *fixture = *state;
    for (size_t i = 0; i < fixture->bytes.len_bytes; i++) {
        act_model_file_t *file = NULL;
        fixture->bytes.ptr[i] ^= 0x10;
        write_bytes(fixture, fixture->bytes.ptr, fixture->bytes.len_bytes);
        fixture->bytes.ptr[i] ^= 0x10;
        assert_int_equal(open_file(fixture, &file), ACT_E_CONFIG);
        assert_null(file);
    }
}

static void any_other_length_is_noticed(void **state)
{
    fixture_t *fixture = *state;
    for (size_t len = 0; len < fixture->bytes.len_bytes; len++) {
        act_model_file_t *file = NULL;
        write_bytes(fixture, fixture->bytes.ptr, len);
        assert_int_equal(open_file(fixture, &file), ACT_E_CONFIG);
    }
    act_model_file_t *file = NULL;
    act_buf_add(&fixture->bytes, "12345678", 8);
    write_bytes(fixture, fixture->bytes.ptr, fixture->bytes.len_bytes);
    assert_int_equal(open_file(fixture, &file), ACT_E_CONFIG);
}

static void a_missing_file_is_an_error_with_its_name(void **state)
{
    (void)state;
    act_model_file_t *file = NULL;
    act_buf_t error;
    act_buf_init(&error, 1024);
    assert_int_equal(act_model_file_open("/nowhere/x.model", &file, &error), ACT_E_CONFIG);
    act_buf_add_char(&error, '\0');
    assert_non_null(strstr(error.ptr, "/nowhere/x.model"));
    act_buf_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sections_are_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_of_any_byte_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_other_length_is_noticed, set_up, tear_down),
        cmocka_unit_test(a_missing_file_is_an_error_with_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
