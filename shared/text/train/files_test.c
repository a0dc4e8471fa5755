// files_test: what is written is read, and errors name the file.
#include "text/train/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state)
{
    (void)state;
    char path[] = "/tmp/parley-files-XXXXXX";
    close(mkstemp(path));
    act_buf_t error, written, read;
    act_buf_init(&error, 256);
    act_buf_init(&written, 1 << 16);
    for (int i = 0; i < 20000; i++)
        act_buf_add_char(&written, (char)i);
    assert_int_equal(act_files_write(path, &written, &error), ACT_E_OK);
    assert_int_equal(act_files_read(path, &read, &error), ACT_E_OK);
    assert_true(act_str_eq(act_buf_str(&written), act_buf_str(&read)));
    unlink(path);
    act_buf_fini(&read);
    act_buf_fini(&written);
    act_buf_fini(&error);
}

static void errors_name_the_file(void **state)
{
    (void)state;
    act_buf_t error, bytes;
    act_buf_init(&error, 256);
    assert_int_equal(act_files_read("/nowhere/a.txt", &bytes, &error), ACT_E_CONFIG);
    assert_int_equal(act_files_write("/nowhere/b.txt", &bytes, &error), ACT_E_CONFIG);
    act_buf_add_char(&error, '\0');
    assert_non_null(strstr(error.ptr, "/nowhere/a.txt"));
    assert_non_null(strstr(error.ptr, "/nowhere/b.txt"));
    act_buf_fini(&bytes);
    act_buf_fini(&error);
}

static void paths_end_in_txt(void **state)
{
    (void)state;
    char path[32];
    act_files_path(path, sizeof path, "words", "fr");
    assert_string_equal(path, "words/fr.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(errors_name_the_file),
        cmocka_unit_test(paths_end_in_txt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
