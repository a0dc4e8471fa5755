// tap_test: what is recorded, where it ends, who may read it.
#include "tap.h"

#include "actor/tap_file.h"
#include "base/mem.h"
#include "service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct {
    char root[64], dir[80], path[PATH_MAX];
    taps_t *taps;
    service_t service;
    peer_t peer;
    char *content;
    size_t len_bytes;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    strcpy(self->root, "/tmp/parley-tap-XXXXXX");
    assert_non_null(mkdtemp(self->root));
    snprintf(self->dir, sizeof self->dir, "%s/tap", self->root);
    self->taps = taps_new(self->dir);
    strcpy(self->service.name, "session");
    strcpy(self->peer.instance, "session-1");
    self->peer.service = &self->service;
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    taps_destroy(&self->taps);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", self->root);
    assert_int_equal(system(command), 0);
    act_free(self->content);
    act_free(self);
    return 0;
}

static void start(fixture_t *self, const char *target, uint32_t seconds, uint64_t max_bytes)
{
    taps_request_t request = {act_str(target), seconds, max_bytes};
    assert_int_equal(taps_open(self->taps, &request, 0, self->path), ACT_E_OK);
}

static void record(fixture_t *self, uint64_t id, const char *body, int64_t now_us)
{
    act_header_t header = {.kind = ACT_KIND_CALL, .id = id, .method = ACT_STR("wake")};
    taps_record(self->taps, &self->peer, id % 2 == 1, &header, act_str(body), now_us);
}

static act_str_t content(fixture_t *self)
{
    FILE *file = fopen(self->path, "r");
    assert_non_null(file);
    self->content = act_alloc(1 << 20);
    self->len_bytes = fread(self->content, 1, 1 << 20, file);
    fclose(file);
    return act_str_of(self->content, self->len_bytes);
}

static act_tap_record_t expect(act_str_t *rest, act_tap_kind_t kind)
{
    act_tap_record_t row;
    assert_int_equal(act_tap_file_next(rest, &row), ACT_E_OK);
    assert_int_equal(row.kind, kind);
    return row;
}

static void frames_are_recorded_until_the_time_is_over(void **state)
{
    fixture_t *self = *state;
    assert_false(taps_are_open(self->taps));
    start(self, "session-1", 2, 0);
    assert_true(taps_are_open(self->taps));
    record(self, 1, "in", 1000);
    record(self, 2, "out", 2000);
    strcpy(self->peer.instance, "session-2");
    record(self, 3, "another", 3000);
    taps_on_tick(self->taps, 1999999);
    assert_true(taps_are_open(self->taps));
    taps_on_tick(self->taps, 2000000);
    assert_false(taps_are_open(self->taps));
    act_str_t rest = content(self);
    assert_true(act_str_is(expect(&rest, ACT_TAP_START).name, "session-1"));
    act_tap_record_t in = expect(&rest, ACT_TAP_FRAME), out = expect(&rest, ACT_TAP_FRAME);
    assert_true(in.is_in && !out.is_in);
    assert_true(act_str_is(in.body, "in") && act_str_is(out.body, "out"));
    assert_true(act_str_is(in.header.method, "wake"));
    assert_int_equal(out.header.id, 2);
    act_tap_record_t end = expect(&rest, ACT_TAP_END);
    assert_true(act_str_is(end.name, "seconds"));
    assert_int_equal(end.frames, 2);
    assert_int_equal(act_tap_file_next(&rest, &end), ACT_E_NOT_FOUND);
}

static void a_service_is_all_its_instances_and_bytes_are_bounded(void **state)
{
    fixture_t *self = *state;
    start(self, "session", 2, 1000);
    for (uint64_t i = 1; i < 100; i++)
        record(self, i, "0123456789012345678901234567890123456789", 1000);
    assert_false(taps_are_open(self->taps));
    act_str_t rest = content(self);
    assert_in_range(rest.len_bytes, 700, 1000);
    expect(&rest, ACT_TAP_START);
    act_tap_record_t row;
    uint64_t frames = 0;
    while (act_tap_file_next(&rest, &row) == ACT_E_OK && row.kind == ACT_TAP_FRAME)
        frames++;
    assert_int_equal(row.kind, ACT_TAP_END);
    assert_true(act_str_is(row.name, "bytes"));
    assert_int_equal(row.frames, frames + 1); // the one that did not fit
}

static void only_the_owner_may_read_it(void **state)
{
    fixture_t *self = *state;
    start(self, "session-1", 1, 0);
    struct stat stat_of;
    assert_int_equal(stat(self->path, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    assert_int_equal(stat(self->dir, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0700);
}

static void bad_requests_are_refused(void **state)
{
    fixture_t *self = *state;
    static const char *const names[] = {"", "../x", "a/b", ".x", "a b"};
    for (size_t i = 0; i < ACT_COUNT(names); i++) {
        taps_request_t request = {act_str(names[i]), 1, 0};
        assert_int_equal(taps_open(self->taps, &request, 0, self->path), ACT_E_INVALID_ARGUMENT);
    }
    taps_request_t long_one = {ACT_STR("a"), TAPS_SECONDS_MAX + 1, 0};
    assert_int_equal(taps_open(self->taps, &long_one, 0, self->path), ACT_E_INVALID_ARGUMENT);
    taps_request_t large = {ACT_STR("a"), 1, (uint64_t)TAPS_BYTES_MAX + 1};
    assert_int_equal(taps_open(self->taps, &large, 0, self->path), ACT_E_INVALID_ARGUMENT);
    static const char *const targets[] = {"a", "b", "c", "d"};
    for (int i = 0; i < TAPS_MAX_COUNT; i++)
        start(self, targets[i], 1, 0);
    taps_request_t one_more = {ACT_STR("e"), 1, 0};
    assert_int_equal(taps_open(self->taps, &one_more, 0, self->path), ACT_E_OVERLOADED);
    taps_t *none = taps_new(NULL);
    assert_int_equal(taps_open(none, &one_more, 0, self->path), ACT_E_IO);
    taps_destroy(&none);
}

static void old_files_make_room(void **state)
{
    fixture_t *self = *state;
    char first[PATH_MAX] = "";
    for (int i = 0; i <= TAPS_FILES_MAX_COUNT; i++) {
        char target[16];
        snprintf(target, sizeof target, "t%d", i);
        start(self, target, 1, 0);
        if (i == 0)
            strcpy(first, self->path);
        taps_on_tick(self->taps, 1000000);
    }
    assert_int_not_equal(access(first, F_OK), 0);
    assert_int_equal(access(self->path, F_OK), 0);
    DIR *dir = opendir(self->dir);
    int count = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    closedir(dir);
    assert_int_equal(count, TAPS_FILES_MAX_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_are_recorded_until_the_time_is_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_service_is_all_its_instances_and_bytes_are_bounded,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_owner_may_read_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_requests_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_files_make_room, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
