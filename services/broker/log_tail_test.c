// log_tail_test: the last lines of one instance among those of others, and of its standard error.
#include "log_tail.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_US 1795219200000000 // 2026-11-21

typedef struct {
    char folder[64];
    act_buf_t out;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/log_tail_test.XXXXXX");
    act_buf_init(&self->out, 1u << 20);
    *state = self;
    return mkdtemp(self->folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", self->folder);
    int code = system(command);
    act_buf_fini(&self->out);
    act_free(self);
    return code;
}

static FILE *open_file(const fixture_t *self, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", self->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    return file;
}

static const char *tail(fixture_t *self, const char *instance, uint32_t max_lines)
{
    act_buf_reset(&self->out);
    log_tail(self->folder, "session", instance, NOW_US, max_lines, &self->out);
    act_buf_add_char(&self->out, '\0');
    return self->out.ptr;
}

static void write_lines(const fixture_t *self, int count)
{
    FILE *file = open_file(self, "session-2026-11-21.log");
    for (int i = 1; i <= count; i++)
        fprintf(file, "{\"instance\":\"session-%d\",\"n\":%d}\n", i % 2 + 1, i);
    fclose(file);
}

static void the_last_lines_of_the_instance_come_oldest_first(void **state)
{
    fixture_t *self = *state;
    write_lines(self, 10);
    assert_string_equal(
        tail(self, "session-1", 4),
        "{\"instance\":\"session-1\",\"n\":8}\n{\"instance\":\"session-1\",\"n\":10}\n");
    assert_string_equal(tail(self, "session-9", 4), "");
}

static void standard_error_comes_after_them(void **state)
{
    fixture_t *self = *state;
    write_lines(self, 4);
    FILE *file = open_file(self, "session-1.out");
    fputs("one\ntwo\nthree", file);
    fclose(file);
    assert_string_equal(
        tail(self, "session-1", 4),
        "{\"instance\":\"session-1\",\"n\":2}\n{\"instance\":\"session-1\",\"n\":4}\n"
        "two\nthree\n");
}

static void of_a_service_all_lines_come(void **state)
{
    fixture_t *self = *state;
    write_lines(self, 3);
    assert_string_equal(
        tail(self, "", 2),
        "{\"instance\":\"session-1\",\"n\":2}\n{\"instance\":\"session-2\",\"n\":3}\n");
}

static void a_large_file_is_read_from_its_end(void **state)
{
    fixture_t *self = *state;
    write_lines(self, 100000);
    assert_string_equal(tail(self, "session-1", 2), "{\"instance\":\"session-1\",\"n\":100000}\n");
}

static void nothing_there_is_nothing(void **state)
{
    fixture_t *self = *state;
    assert_string_equal(tail(self, "session-1", 50), "");
    fclose(open_file(self, "session-2026-11-21.log"));
    assert_string_equal(tail(self, "session-1", 50), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_last_lines_of_the_instance_come_oldest_first),
        TEST(standard_error_comes_after_them),
        TEST(of_a_service_all_lines_come),
        TEST(a_large_file_is_read_from_its_end),
        TEST(nothing_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
