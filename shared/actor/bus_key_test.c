// bus_key_test: key files are made closed, and taken only when they are.
#include "actor/bus_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct {
    char folder[64];
    char secret[96];
    char public_[96];
    act_buf_t error;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/bus_key_test.XXXXXX");
    if (!mkdtemp(self->folder))
        return -1;
    snprintf(self->secret, sizeof self->secret, "%s/a.key", self->folder);
    snprintf(self->public_, sizeof self->public_, "%s/a.pub", self->folder);
    act_buf_init(&self->error, 4096);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    unlink(self->secret);
    unlink(self->public_);
    rmdir(self->folder);
    act_buf_fini(&self->error);
    act_free(self);
    return 0;
}

static unsigned mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 0777;
}

static bool says(fixture_t *self, const char *text)
{
    act_buf_add_char(&self->error, '\0');
    return strstr(self->error.ptr, text) != NULL;
}

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void a_pair_is_made_closed_and_read_again(void **state)
{
    fixture_t *self = *state;
    assert_int_equal(act_bus_key_create(self->secret, self->public_), ACT_E_OK);
    assert_int_equal(mode_of(self->secret), 0600);
    assert_int_equal(mode_of(self->public_), 0644);
    act_bus_keys_t keys;
    assert_int_equal(act_bus_key_load(self->public_, self->secret, &keys, &self->error), ACT_E_OK);
    assert_string_equal(keys.own.public_key, keys.server_key);
    assert_string_not_equal(keys.own.secret_key, keys.server_key);
}

static void a_secret_that_others_can_read_is_refused(void **state)
{
    fixture_t *self = *state;
    assert_int_equal(act_bus_key_create(self->secret, self->public_), ACT_E_OK);
    static const mode_t modes[] = {0640, 0604, 0660, 0644, 0601};
    for (size_t i = 0; i < ACT_COUNT(modes); i++) {
        act_bus_pair_t pair;
        act_buf_reset(&self->error);
        assert_int_equal(chmod(self->secret, modes[i]), 0);
        assert_int_equal(act_bus_key_load_pair(self->secret, &pair, &self->error), ACT_E_CONFIG);
        assert_true(says(self, "a.key: a secret that others can read: chmod 600 /tmp/"));
    }
}

static void a_folder_that_others_can_enter_is_refused(void **state)
{
    fixture_t *self = *state;
    assert_int_equal(act_bus_key_check_folder(self->folder, &self->error), ACT_E_OK);
    assert_int_equal(chmod(self->folder, 0750), 0);
    assert_int_equal(act_bus_key_check_folder(self->folder, &self->error), ACT_E_CONFIG);
    assert_true(says(self, "chmod 700 /tmp/"));
    act_buf_reset(&self->error);
    assert_int_equal(act_bus_key_check_folder("/none", &self->error), ACT_E_CONFIG);
    assert_true(says(self, "parley keys init"));
}

static void what_is_no_key_is_refused(void **state)
{
    fixture_t *self = *state;
    static const char *const bad[] = {
        "",
        "\n",
        "short",
        "0123456789012345678901234567890123456789x\n",
        "01234567890123456789012345678901234567~~", // no Z85
    };
    for (size_t i = 0; i < ACT_COUNT(bad); i++) {
        act_bus_pair_t pair;
        act_buf_reset(&self->error);
        put(self->secret, bad[i], 0600);
        assert_int_equal(act_bus_key_load_pair(self->secret, &pair, &self->error), ACT_E_CONFIG);
        assert_true(says(self, "is no key file"));
    }
}

static void missing_settings_are_named(void **state)
{
    fixture_t *self = *state;
    act_bus_keys_t keys;
    assert_int_equal(act_bus_key_load("", "x", &keys, &self->error), ACT_E_CONFIG);
    assert_true(says(self, "PARLEY_BUS_SERVER_KEY"));
    act_buf_reset(&self->error);
    assert_int_equal(act_bus_key_load("x", NULL, &keys, &self->error), ACT_E_CONFIG);
    assert_true(says(self, "PARLEY_BUS_KEY_FILE"));
    act_buf_reset(&self->error);
    assert_int_equal(act_bus_key_load("/none", "/none", &keys, &self->error), ACT_E_CONFIG);
    assert_true(says(self, "/none: No such file"));
}

static void a_file_may_hold_several_public_keys(void **state)
{
    (void)state;
    char keys[2][ACT_BUS_KEY_TEXT_BYTES];
    uint32_t count = 0;
    static const char text[] = "  0123456789012345678901234567890123456789\n\n"
                               "abcdefghijabcdefghijabcdefghijabcdefghij";
    assert_true(act_bus_key_parse(act_str(text), keys, 2, &count));
    assert_int_equal(count, 2);
    assert_string_equal(keys[1], "abcdefghijabcdefghijabcdefghijabcdefghij");
    assert_false(act_bus_key_parse(act_str(text), keys, 1, &count));
}

static void only_tcp_needs_keys(void **state)
{
    (void)state;
    assert_true(act_bus_key_is_needed("tcp://broker:5670"));
    assert_false(act_bus_key_is_needed("ipc:///run/bus.sock"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pair_is_made_closed_and_read_again),
        TEST(a_secret_that_others_can_read_is_refused),
        TEST(a_folder_that_others_can_enter_is_refused),
        TEST(what_is_no_key_is_refused),
        TEST(missing_settings_are_named),
        TEST(a_file_may_hold_several_public_keys),
        TEST(only_tcp_needs_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
