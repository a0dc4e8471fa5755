// log_test: every line is one JSON object whatever the values are, and nobody's address is in it.
#include "base/log.h"

#include "harness/fake_clock.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#define DAY_MS INT64_C(86400000)
#define NOON_US INT64_C(1795262400000000) // 2026-11-21T12:00:00Z

typedef struct {
    char folder[64];
    act_log_t *log;
    char text[1 << 16]; // the file's content
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/log_test.XXXXXX");
    if (!mkdtemp(self->folder))
        return -1;
    fake_clock_stop_wall_at_us(NOON_US);
    self->log = act_log_new(self->folder, "session", "session-1", ACT_LOG_INFO);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    act_log_destroy(&self->log);
    act_log_destroy(&self->log); // twice is allowed
    DIR *dir = opendir(self->folder);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(self->folder);
    act_free(self);
    return 0;
}

static void path_of(const fixture_t *self, const char *name, char *ret_path, size_t size_bytes)
{
    snprintf(ret_path, size_bytes, "%s/%s", self->folder, name);
}

static const char *read_file(fixture_t *self, const char *name)
{
    char path[256];
    path_of(self, name, path, sizeof path);
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(self->text, 1, sizeof self->text - 1, file) : 0;
    if (file)
        fclose(file);
    self->text[len] = '\0';
    return self->text;
}

static bool has_file(const fixture_t *self, const char *name)
{
    char path[256];
    path_of(self, name, path, sizeof path);
    return access(path, F_OK) == 0;
}

// The last line of today's file as JSON; yours. Fails the test when it is not exactly one object.
static json_t *last_line(fixture_t *self)
{
    char *text = (char *)read_file(self, "session-2026-11-21.log");
    size_t len = strlen(text);
    assert_true(len > 0 && text[len - 1] == '\n');
    text[len - 1] = '\0';
    char *line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    json_error_t error;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        fail_msg("%s in: %s", error.text, line);
    return object;
}

// Logs one text field and returns it as it stands in the file.
static const char *logged(fixture_t *self, const char *value)
{
    static char text[1 << 15];
    act_log_info(self->log, "event", "value=%s,after=%d", value, 1);
    json_t *object = last_line(self);
    assert_int_equal(json_integer_value(json_object_get(object, "after")), 1);
    const json_t *string = json_object_get(object, "value");
    assert_true(json_is_string(string));
    snprintf(text, sizeof text, "%s", json_string_value(string));
    json_decref(object);
    return text;
}

// --- lines ---------------------------------------------------------------------------------------

static void a_line_says_when_who_and_what(void **state)
{
    fixture_t *self = *state;
    act_log_warn(self->log, "lane_stuck", "lane=%d,age_ms=%lld,is_open=%s,name=%s", 7, -9ll, "true",
                 "a, b");
    assert_string_equal(read_file(self, "session-2026-11-21.log"),
                        "{\"time\":\"2026-11-21T12:00:00.000Z\",\"level\":\"warn\","
                        "\"service\":\"session\",\"instance\":\"session-1\","
                        "\"event\":\"lane_stuck\",\"lane\":7,\"age_ms\":-9,\"is_open\":true,"
                        "\"name\":\"a, b\"}\n");
}

static void an_event_needs_no_fields(void **state)
{
    fixture_t *self = *state;
    act_log_error(self->log, "gone", "%s", "");
    json_t *object = last_line(self);
    assert_int_equal(json_object_size(object), 5);
    json_decref(object);
}

static void events_below_the_level_are_not_written(void **state)
{
    fixture_t *self = *state;
    act_log_debug(self->log, "quiet", "a=%d", 1);
    assert_false(has_file(self, "session-2026-11-21.log"));
}

static void only_whole_numbers_are_bare(void **state)
{
    fixture_t *self = *state;
    static const char *const texts[] = {"-",  "007",  "1.5",  "1e3", "--1",
                                        "+1", "0x1f", "TRUE", "null"};
    for (size_t i = 0; i < ACT_COUNT(texts); i++)
        assert_string_equal(logged(self, texts[i]), texts[i]);
    act_log_info(self->log, "event", "least=%lld,most=%llu", INT64_MIN + 0ll, UINT64_MAX + 0ull);
    json_decref(last_line(self));
}

// --- weird values --------------------------------------------------------------------------------

static void quotes_and_control_characters_are_escaped(void **state)
{
    fixture_t *self = *state;
    static const char weird[] = "\"\\\n\r\t\b\f\x01\x1e\x1f\x7f/</script>";
    assert_string_equal(logged(self, weird), weird);
}

static void utf8_stays_and_other_bytes_become_the_replacement_character(void **state)
{
    fixture_t *self = *state;
    assert_string_equal(logged(self, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"),
                        "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
    assert_string_equal(logged(self, "a\xff"
                                     "b"),
                        "a\xef\xbf\xbd"
                        "b");
    assert_string_equal(logged(self, "\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_string_equal(logged(self, "\xc3"), "\xef\xbf\xbd");
}

static void a_value_cannot_make_fields(void **state)
{
    fixture_t *self = *state;
    assert_string_equal(logged(self, "x,level=debug"), "x,level=debug");
    assert_string_equal(logged(self, "x,after=7"), "x,after=7");
    assert_string_equal(logged(self, "x\",\"event\":\"y"), "x\",\"event\":\"y");
}

// A long value is cut, but the event is there and the line is whole.
static void long_values_are_cut_and_the_line_stays_whole(void **state)
{
    fixture_t *self = *state;
    static const char *const pieces[] = {"a",    "\x01",    "\"", "\xff", "\xe2\x82\xac",
                                         "a@b ", "1234567 "};
    for (size_t i = 0; i < ACT_COUNT(pieces); i++) {
        char *value = act_alloc(20000);
        for (size_t at = 0; at + strlen(pieces[i]) < 20000; at += strlen(pieces[i]))
            memcpy(value + at, pieces[i], strlen(pieces[i]) + 1);
        act_log_info(self->log, "long_value", "value=%s", value);
        json_t *object = last_line(self);
        assert_string_equal(json_string_value(json_object_get(object, "event")), "long_value");
        assert_true(json_string_length(json_object_get(object, "value")) > 1000);
        json_decref(object);
        act_free(value);
        char path[256];
        path_of(self, "session-2026-11-21.log", path, sizeof path);
        assert_int_equal(truncate(path, 0), 0);
    }
}

// --- redaction -----------------------------------------------------------------------------------

static void addresses_are_redacted(void **state)
{
    fixture_t *self = *state;
    static const struct {
        const char *value;
        const char *logged;
    } rows[] = {
        {"491701234567", "[redacted]"}, // what WhatsApp calls a contact
        {"+491701234567", "+[redacted]"},
        {"call 1234567 now", "call [redacted] now"},
        {"wa491701234567", "wa[redacted]"},
        {"tel1234567", "tel[redacted]"},
        {"12345678901234567890123", "[redacted]"},
        {"1234567,7654321", "[redacted],[redacted]"},
        {"jo.doe+x@example.com", "[redacted]"},
        {"<user1@example.com>", "<[redacted]>"},
        {"to:a@b", "to:[redacted]"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_string_equal(logged(self, rows[i].value), rows[i].logged);
}

static void what_is_no_address_stays(void **state)
{
    fixture_t *self = *state;
    static const char *const rows[] = {
        "123456",
        "a@",
        "@b",
        "a @ b",
        "2026-11-21",
        "/var/log/session.log",
        "INTEGRATION_3001",
        "exit 0",
        // Ids of conversations and turns are what a log is searched for.
        "01934567-8901-7abc-8def-123456789012",
        "id=01934567-8901-7abc-8def-123456789012;",
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_string_equal(logged(self, rows[i]), rows[i]);
}

// Seven digits that come from a number are a counter or a time, not an address.
static void numbers_are_not_redacted(void **state)
{
    fixture_t *self = *state;
    act_log_info(self->log, "event", "took_us=%lld,epoch=%llu,id=%llu", 12345678ll,
                 123456789012345678ull, 12345678901234567890ull);
    json_t *object = last_line(self);
    assert_int_equal(json_integer_value(json_object_get(object, "took_us")), 12345678);
    assert_true(json_is_integer(json_object_get(object, "epoch")));
    // More than JSON's integers hold, so it is a text.
    assert_string_equal(json_string_value(json_object_get(object, "id")), "12345678901234567890");
    json_decref(object);
}

// --- files ---------------------------------------------------------------------------------------

static void a_new_day_has_a_new_file(void **state)
{
    fixture_t *self = *state;
    act_log_info(self->log, "first", "%s", "");
    fake_clock_advance_ms(DAY_MS);
    act_log_info(self->log, "second", "%s", "");
    assert_non_null(strstr(read_file(self, "session-2026-11-21.log"), "first"));
    assert_non_null(strstr(read_file(self, "session-2026-11-22.log"), "second"));
}

static void touch(const fixture_t *self, const char *name)
{
    char path[256];
    path_of(self, name, path, sizeof path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static void files_of_this_service_go_after_90_days(void **state)
{
    fixture_t *self = *state;
    static const struct {
        const char *name;
        bool stays;
    } rows[] = {
        {"session-2026-08-22.log", false},    {"session-2026-08-23.log", true},
        {"session-2025-12-31.log", false},    {"session-2026-11-20.log", true},
        {"delivery-2025-12-31.log", true},    {"session-extra-2025-12-31.log", true},
        {"session-2025-12-31.log.old", true}, {"session-2025.log", true},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        touch(self, rows[i].name);
    act_log_info(self->log, "event", "%s", "");
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (has_file(self, rows[i].name) != rows[i].stays)
            fail_msg("%s", rows[i].name);
}

static void a_folder_that_is_not_there_ends_nothing(void **state)
{
    (void)state;
    ACT_AUTO(act_log) *log = act_log_new("/proc/none", "session", "session-1", ACT_LOG_INFO);
    act_log_info(log, "event", "a=%d", 1);
    act_log_info(log, "event", "a=%d", 2);
}

static void only_the_group_may_read_a_log(void **state)
{
    fixture_t *self = *state;
    act_log_info(self->log, "event", "%s", "");
    char path[256];
    path_of(self, "session-2026-11-21.log", path, sizeof path);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_says_when_who_and_what),
        TEST(an_event_needs_no_fields),
        TEST(events_below_the_level_are_not_written),
        TEST(only_whole_numbers_are_bare),
        TEST(quotes_and_control_characters_are_escaped),
        TEST(utf8_stays_and_other_bytes_become_the_replacement_character),
        TEST(a_value_cannot_make_fields),
        TEST(long_values_are_cut_and_the_line_stays_whole),
        TEST(addresses_are_redacted),
        TEST(what_is_no_address_stays),
        TEST(numbers_are_not_redacted),
        TEST(a_new_day_has_a_new_file),
        TEST(files_of_this_service_go_after_90_days),
        TEST(a_folder_that_is_not_there_ends_nothing),
        TEST(only_the_group_may_read_a_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
