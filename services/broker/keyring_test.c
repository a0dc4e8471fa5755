// keyring_test (row 9): keys come, change and go while the broker runs.
#include "keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char first_key[] = "0123456789012345678901234567890123456789";
static const char second_key[] = "abcdefghijabcdefghijabcdefghijabcdefghij";

typedef struct {
    char folder[64];
    keyring_t *keyring;
    char revoked[128];
} fixture_t;

static void on_revoked(void *context, act_str_t actor)
{
    fixture_t *self = context;
    size_t used = strlen(self->revoked);
    snprintf(self->revoked + used, sizeof self->revoked - used, "%.*s ", ACT_STR_ARG(actor));
}

static void put(fixture_t *self, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", self->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void drop(fixture_t *self, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", self->folder, name);
    unlink(path);
}

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/keyring_test.XXXXXX");
    if (!mkdtemp(self->folder))
        return -1;
    put(self, "agent.pub", first_key);
    self->keyring = keyring_new(self->folder, on_revoked, self);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    static const char *const names[] = {"agent.pub", "session.pub", "agent.key",
                                        "Agent.pub", ".pub",        "a b.pub"};
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        drop(self, names[i]);
    rmdir(self->folder);
    keyring_destroy(&self->keyring);
    keyring_destroy(&self->keyring); // twice is allowed
    act_free(self);
    return 0;
}

static const char *find(fixture_t *self, const char *text, uint32_t *ret_number)
{
    uint8_t key[32];
    act_bus_key_decode(text, key);
    return keyring_find(self->keyring, act_str_of((const char *)key, sizeof key), ret_number);
}

static void a_key_names_its_actor(void **state)
{
    fixture_t *self = *state;
    uint32_t number = 0;
    assert_string_equal(find(self, first_key, &number), "agent");
    assert_true(keyring_is_current(self->keyring, number));
    assert_null(find(self, second_key, &number));
    assert_null(keyring_find(self->keyring, act_str("short"), &number));
    assert_false(keyring_is_current(self->keyring, 0));
}

static void a_new_file_is_seen(void **state)
{
    fixture_t *self = *state;
    uint32_t number = 0, later = 0;
    assert_non_null(find(self, first_key, &number));
    put(self, "session.pub", second_key);
    keyring_refresh(self->keyring, /* is_forced= */ false);
    assert_string_equal(find(self, second_key, &later), "session");
    assert_int_not_equal(number, later);
    assert_string_equal(self->revoked, "");
}

static void a_removed_file_is_seen_and_told(void **state)
{
    fixture_t *self = *state;
    uint32_t number = 0;
    assert_non_null(find(self, first_key, &number));
    drop(self, "agent.pub");
    keyring_refresh(self->keyring, /* is_forced= */ false);
    assert_false(keyring_is_current(self->keyring, number));
    assert_string_equal(self->revoked, "agent ");
    assert_int_equal(keyring_count(self->keyring), 0);
}

static void a_changed_key_has_another_number(void **state)
{
    fixture_t *self = *state;
    uint32_t number = 0, later = 0;
    assert_non_null(find(self, first_key, &number));
    put(self, "agent.pub", second_key);
    keyring_refresh(self->keyring, /* is_forced= */ false);
    assert_null(find(self, first_key, &later));
    assert_string_equal(find(self, second_key, &later), "agent");
    assert_int_not_equal(number, later);
    assert_false(keyring_is_current(self->keyring, number));
    // and the first key, when it comes back, is a new one
    put(self, "agent.pub", first_key);
    keyring_refresh(self->keyring, /* is_forced= */ false);
    assert_false(keyring_is_current(self->keyring, number));
}

static void two_keys_stand_side_by_side_during_a_change(void **state)
{
    fixture_t *self = *state;
    uint32_t number = 0, later = 0;
    assert_non_null(find(self, first_key, &number));
    char both[128];
    snprintf(both, sizeof both, "%s\n%s\n", first_key, second_key);
    put(self, "agent.pub", both);
    keyring_refresh(self->keyring, /* is_forced= */ false);
    assert_true(keyring_is_current(self->keyring, number));
    assert_string_equal(find(self, second_key, &later), "agent");
    assert_string_equal(self->revoked, "");
    put(self, "agent.pub", second_key);
    keyring_refresh(self->keyring, /* is_forced= */ false);
    assert_false(keyring_is_current(self->keyring, number));
    assert_true(keyring_is_current(self->keyring, later));
}

static void other_files_are_not_keys(void **state)
{
    fixture_t *self = *state;
    put(self, "agent.key", second_key);
    put(self, "Agent.pub", second_key);
    put(self, ".pub", second_key);
    put(self, "a b.pub", second_key);
    put(self, "session.pub", "no key at all");
    keyring_refresh(self->keyring, /* is_forced= */ false);
    assert_int_equal(keyring_count(self->keyring), 1);
}

static void a_folder_that_is_not_there_has_no_keys(void **state)
{
    (void)state;
    keyring_t *keyring = keyring_new("/none", NULL, NULL);
    assert_int_equal(keyring_count(keyring), 0);
    keyring_destroy(&keyring);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_names_its_actor),
        TEST(a_new_file_is_seen),
        TEST(a_removed_file_is_seen_and_told),
        TEST(a_changed_key_has_another_number),
        TEST(two_keys_stand_side_by_side_during_a_change),
        TEST(other_files_are_not_keys),
        cmocka_unit_test(a_folder_that_is_not_there_has_no_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
