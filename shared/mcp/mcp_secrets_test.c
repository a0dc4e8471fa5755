// mcp_secrets: written sealed, opened for their server and name alone, kept apart, removed.
#include "mcp/mcp_secrets.h"

#include "io/json.h"

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
    char folder[64], file[128], key_file[128];
    act_seal_key_t *key;
    mcp_secrets_t *secrets;
} world_t;

static int open_world(void **state)
{
    world_t *world = act_alloc(sizeof *world);
    const char *reason = NULL;
    (void)snprintf(world->folder, sizeof world->folder, "/tmp/mcp-secrets-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    (void)snprintf(world->file, sizeof world->file, "%s/mcp.secrets.json", world->folder);
    (void)snprintf(world->key_file, sizeof world->key_file, "%s/key", world->folder);
    assert_int_equal(act_seal_key_create(world->key_file), ACT_E_OK);
    assert_int_equal(act_seal_key_load(world->key_file, &world->key, &reason), ACT_E_OK);
    world->secrets = mcp_secrets_new(world->folder, world->key);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    world_t *world = *state;
    char lock[160];
    (void)snprintf(lock, sizeof lock, "%s.lock", world->file);
    mcp_secrets_destroy(&world->secrets);
    act_seal_key_destroy(&world->key);
    (void)unlink(world->file);
    (void)unlink(world->key_file);
    (void)unlink(lock);
    assert_int_equal(rmdir(world->folder), 0); // and nothing else was left
    act_free(world);
    return 0;
}

static void expect(const world_t *world, const char *server, const char *name, act_err_t err,
                   const char *value)
{
    act_arena_t *arena = act_arena_new();
    act_str_t secret = {0};
    assert_int_equal(mcp_secrets_read(world->secrets, server, name, arena, &secret), err);
    assert_true(act_str_is(secret, value));
    act_arena_destroy(&arena);
}

static void keeps_what_is_written(void **state)
{
    const world_t *world = *state;
    expect(world, "crm", MCP_SECRET_TOKEN, ACT_E_NOT_FOUND, "");
    assert_int_equal(mcp_secrets_write(world->secrets, "crm", MCP_SECRET_TOKEN, ACT_STR("one")),
                     ACT_E_OK);
    assert_int_equal(mcp_secrets_write(world->secrets, "crm", MCP_SECRET_CLIENT, ACT_STR("two")),
                     ACT_E_OK);
    assert_int_equal(mcp_secrets_write(world->secrets, "erp", MCP_SECRET_TOKEN, ACT_STR("three")),
                     ACT_E_OK);
    assert_int_equal(mcp_secrets_write(world->secrets, "crm", MCP_SECRET_TOKEN, ACT_STR("four")),
                     ACT_E_OK);
    expect(world, "crm", MCP_SECRET_TOKEN, ACT_E_OK, "four");
    expect(world, "crm", MCP_SECRET_CLIENT, ACT_E_OK, "two");
    expect(world, "erp", MCP_SECRET_TOKEN, ACT_E_OK, "three");
    assert_int_equal(mcp_secrets_write(world->secrets, "crm", MCP_SECRET_TOKEN, ACT_STR("")),
                     ACT_E_OK);
    expect(world, "crm", MCP_SECRET_TOKEN, ACT_E_NOT_FOUND, "");
    expect(world, "crm", MCP_SECRET_CLIENT, ACT_E_OK, "two");
    struct stat status;
    assert_int_equal(stat(world->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void opens_for_its_own_server_and_name(void **state)
{
    const world_t *world = *state;
    assert_int_equal(mcp_secrets_write(world->secrets, "crm", MCP_SECRET_TOKEN, ACT_STR("one")),
                     ACT_E_OK);
    json_t *root = json_load_file(world->file, 0, NULL);
    json_t *sealed = json_object_get(json_object_get(root, "crm"), MCP_SECRET_TOKEN);
    assert_null(strstr(json_string_value(sealed), "one"));
    json_t *moved = json_object();
    json_object_set(moved, MCP_SECRET_TOKEN, sealed);
    json_object_set(json_object_get(root, "crm"), MCP_SECRET_CLIENT, sealed);
    json_object_set_new(root, "erp", moved);
    assert_int_equal(json_dump_file(root, world->file, 0), 0);
    json_decref(root);
    expect(world, "crm", MCP_SECRET_TOKEN, ACT_E_OK, "one");
    expect(world, "crm", MCP_SECRET_CLIENT, ACT_E_UNAUTHORISED, "");
    expect(world, "erp", MCP_SECRET_TOKEN, ACT_E_UNAUTHORISED, "");
}

static void refuses(void **state)
{
    const world_t *world = *state;
    char large[MCP_SECRET_MAX_BYTES + 1];
    memset(large, 'x', sizeof large);
    assert_int_equal(
        mcp_secrets_write(world->secrets, "crm", MCP_SECRET_TOKEN, act_str_of(large, sizeof large)),
        ACT_E_TOO_LARGE);
    assert_int_equal(mcp_secrets_write(world->secrets, "crm", MCP_SECRET_TOKEN,
                                       act_str_of(large, sizeof large - 1)),
                     ACT_E_OK);
    mcp_secrets_t *keyless = mcp_secrets_new(world->folder, NULL);
    act_arena_t *arena = act_arena_new();
    act_str_t secret = {0};
    assert_int_equal(mcp_secrets_read(keyless, "crm", MCP_SECRET_TOKEN, arena, &secret),
                     ACT_E_CONFIG);
    assert_int_equal(mcp_secrets_write(keyless, "crm", MCP_SECRET_TOKEN, ACT_STR("x")),
                     ACT_E_CONFIG);
    act_arena_destroy(&arena);
    mcp_secrets_destroy(&keyless);
    mcp_secrets_t *nowhere = mcp_secrets_new("/nonexistent", world->key);
    assert_int_equal(mcp_secrets_write(nowhere, "crm", MCP_SECRET_TOKEN, ACT_STR("x")), ACT_E_IO);
    mcp_secrets_destroy(&nowhere);
    assert_true(mcp_secrets_is_name(ACT_STR("token")));
    assert_false(mcp_secrets_is_name(ACT_STR("password")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_what_is_written, open_world, close_world),
        cmocka_unit_test_setup_teardown(opens_for_its_own_server_and_name, open_world, close_world),
        cmocka_unit_test_setup_teardown(refuses, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
