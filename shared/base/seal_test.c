// seal_test: what opens, what does not, and which key files are refused.
#include "base/seal.h"

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
    char path[96];
    act_seal_key_t *key;
    act_arena_t *arena;
    act_buf_t sealed;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/seal_test.XXXXXX");
    if (!mkdtemp(self->folder))
        return -1;
    snprintf(self->path, sizeof self->path, "%s/key", self->folder);
    const char *reason = "";
    if (act_seal_key_create(self->path) != ACT_E_OK ||
        act_seal_key_load(self->path, &self->key, &reason) != ACT_E_OK)
        return -1;
    self->arena = act_arena_new();
    act_buf_init(&self->sealed, 1u << 20);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    unlink(self->path);
    rmdir(self->folder);
    act_seal_key_destroy(&self->key);
    act_seal_key_destroy(&self->key); // twice is allowed
    act_arena_destroy(&self->arena);
    act_buf_fini(&self->sealed);
    act_free(self);
    return 0;
}

static act_err_t open_as(fixture_t *self, const char *tenant, const char *name,
                         act_str_t *ret_secret)
{
    return act_open(self->key, act_str(tenant), name, act_buf_str(&self->sealed), self->arena,
                    ret_secret);
}

static void seal_as(fixture_t *self, const char *tenant, const char *name, act_str_t secret)
{
    act_buf_reset(&self->sealed);
    act_seal(self->key, act_str(tenant), name, secret, &self->sealed);
}

static void opens_what_was_sealed(void **state)
{
    fixture_t *self = *state;
    char long_secret[3000];
    memset(long_secret, 'x', sizeof long_secret);
    const act_str_t secrets[] = {ACT_STR("s"), ACT_STR("EAAtoken123"), ACT_STR("\0bin\xff"),
                                 act_str_of(long_secret, sizeof long_secret)};
    for (size_t i = 0; i < ACT_COUNT(secrets); i++) {
        seal_as(self, "t1", ACT_SEAL_ACCESS_TOKEN, secrets[i]);
        assert_true(act_str_starts_with(act_buf_str(&self->sealed), "v1:"));
        assert_true(self->sealed.len_bytes <= secrets[i].len_bytes * 4 / 3 + 62);
        act_str_t opened = ACT_STR("");
        assert_int_equal(open_as(self, "t1", ACT_SEAL_ACCESS_TOKEN, &opened), ACT_E_OK);
        assert_true(act_str_eq(opened, secrets[i]));
        assert_int_equal(opened.ptr[opened.len_bytes], '\0');
        act_seal_wipe(&opened);
        assert_true(act_str_empty(opened));
    }
}

static void keeps_none_as_none(void **state)
{
    fixture_t *self = *state;
    seal_as(self, "t1", ACT_SEAL_APP_SECRET, ACT_STR(""));
    assert_int_equal(self->sealed.len_bytes, 0);
    act_str_t opened = ACT_STR("before");
    assert_int_equal(open_as(self, "t1", ACT_SEAL_APP_SECRET, &opened), ACT_E_OK);
    assert_true(act_str_empty(opened));
}

static void never_seals_alike(void **state)
{
    fixture_t *self = *state;
    seal_as(self, "t1", ACT_SEAL_APP_SECRET, ACT_STR("secret"));
    act_str_t first = act_arena_str(self->arena, act_buf_str(&self->sealed));
    seal_as(self, "t1", ACT_SEAL_APP_SECRET, ACT_STR("secret"));
    assert_false(act_str_eq(first, act_buf_str(&self->sealed)));
}

static void does_not_open_elsewhere(void **state)
{
    fixture_t *self = *state;
    seal_as(self, "t1", ACT_SEAL_APP_SECRET, ACT_STR("secret"));
    act_str_t opened = ACT_STR("before");
    assert_int_equal(open_as(self, "t2", ACT_SEAL_APP_SECRET, &opened), ACT_E_UNAUTHORISED);
    assert_int_equal(open_as(self, "t1", ACT_SEAL_VERIFY_TOKEN, &opened), ACT_E_UNAUTHORISED);
    assert_int_equal(open_as(self, "", ACT_SEAL_APP_SECRET, &opened), ACT_E_UNAUTHORISED);
    char other_path[128];
    snprintf(other_path, sizeof other_path, "%s.other", self->path);
    assert_int_equal(act_seal_key_create(other_path), ACT_E_OK);
    ACT_AUTO(act_seal_key) *other = NULL;
    const char *reason = NULL;
    assert_int_equal(act_seal_key_load(other_path, &other, &reason), ACT_E_OK);
    unlink(other_path);
    assert_int_equal(act_open(other, ACT_STR("t1"), ACT_SEAL_APP_SECRET, act_buf_str(&self->sealed),
                              self->arena, &opened),
                     ACT_E_UNAUTHORISED);
    assert_true(act_str_is(opened, "before"));
}

static void notices_every_change(void **state)
{
    fixture_t *self = *state;
    seal_as(self, "t1", ACT_SEAL_APP_SECRET, ACT_STR("secret"));
    act_str_t opened = ACT_STR("");
    for (size_t i = 0; i < self->sealed.len_bytes; i++) {
        char before = self->sealed.ptr[i];
        self->sealed.ptr[i] = before == 'A' ? 'B' : 'A';
        assert_int_not_equal(open_as(self, "t1", ACT_SEAL_APP_SECRET, &opened), ACT_E_OK);
        self->sealed.ptr[i] = before;
    }
    assert_int_equal(open_as(self, "t1", ACT_SEAL_APP_SECRET, &opened), ACT_E_OK);
}

static void refuses_what_is_not_sealed(void **state)
{
    fixture_t *self = *state;
    const char *const texts[] = {"plain", "v1:", "v1:!!!!", "v2:QUJD", "v1:QUJD", "v1:QUJ", "v"};
    act_str_t opened = ACT_STR("");
    for (size_t i = 0; i < ACT_COUNT(texts); i++)
        assert_int_equal(act_open(self->key, ACT_STR("t1"), ACT_SEAL_APP_SECRET, act_str(texts[i]),
                                  self->arena, &opened),
                         ACT_E_MALFORMED);
}

static act_err_t load(const char *path)
{
    ACT_AUTO(act_seal_key) *key = NULL;
    const char *reason = NULL;
    act_err_t err = act_seal_key_load(path, &key, &reason);
    assert_int_equal(err == ACT_E_OK, reason == NULL);
    return err;
}

static void refuses_key_files_that_others_read(void **state)
{
    fixture_t *self = *state;
    struct stat info;
    assert_int_equal(stat(self->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(act_seal_key_create(self->path), ACT_E_CONFLICT);
    static const mode_t bad[] = {0644, 0604, 0602, 0660, 0601};
    for (size_t i = 0; i < ACT_COUNT(bad); i++) {
        assert_int_equal(chmod(self->path, bad[i]), 0);
        assert_int_equal(load(self->path), ACT_E_CONFIG);
    }
    static const mode_t good[] = {0400, 0440, 0600};
    for (size_t i = 0; i < ACT_COUNT(good); i++) {
        assert_int_equal(chmod(self->path, good[i]), 0);
        assert_int_equal(load(self->path), ACT_E_OK);
    }
}

static void refuses_key_files_of_another_size(void **state)
{
    fixture_t *self = *state;
    assert_int_equal(truncate(self->path, 31), 0);
    assert_int_equal(load(self->path), ACT_E_CONFIG);
    assert_int_equal(truncate(self->path, 33), 0);
    assert_int_equal(load(self->path), ACT_E_CONFIG);
    assert_int_equal(load(self->folder), ACT_E_CONFIG);
    assert_int_equal(load("/nonexistent/key"), ACT_E_CONFIG);
    assert_int_equal(act_seal_key_create("/nonexistent/key"), ACT_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opens_what_was_sealed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_none_as_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(never_seals_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(does_not_open_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notices_every_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_sealed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_key_files_that_others_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_key_files_of_another_size, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
