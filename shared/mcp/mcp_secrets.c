// mcp_secrets
#include "mcp/mcp_secrets.h"

#include "io/json.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct mcp_secrets {
    char path[PATH_MAX];
    const act_seal_key_t *key;
};

mcp_secrets_t *mcp_secrets_new(const char *data, const act_seal_key_t *key)
{
    mcp_secrets_t *self = act_alloc(sizeof *self);
    self->key = key;
    snprintf(self->path, sizeof self->path, "%s/mcp.secrets.json", data);
    return self;
}

void mcp_secrets_destroy(mcp_secrets_t **self_p)
{
    act_free(act_take(self_p));
}

bool mcp_secrets_is_name(act_str_t name)
{
    return act_str_is(name, MCP_SECRET_TOKEN) || act_str_is(name, MCP_SECRET_CLIENT) ||
           act_str_is(name, MCP_SECRET_REFRESH);
}

// Part of the associated data: a sealed text opens for its server and its name only.
static const char *sealed_name(const char *server, const char *name, act_arena_t *arena)
{
    return act_arena_printf(arena, "mcp:%s:%s", server, name).ptr;
}

static json_t *load(const mcp_secrets_t *self)
{
    json_t *root = json_load_file(self->path, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(root))
        return root;
    json_decref(root);
    return json_object();
}

act_err_t mcp_secrets_read(const mcp_secrets_t *self, const char *server, const char *name,
                           act_arena_t *arena, act_str_t *ret_secret)
{
    json_t *root = load(self);
    act_str_t sealed = act_json_str(act_json_object(root, server), name);
    act_err_t err = act_str_empty(sealed) ? ACT_E_NOT_FOUND
                    : !self->key
                        ? ACT_E_CONFIG
                        : act_open(self->key, ACT_STR(""), sealed_name(server, name, arena), sealed,
                                   arena, ret_secret);
    json_decref(root);
    return err;
}

// --- writing ---------------------------------------------------------------------------------------

static void put(json_t *root, const char *server, const char *name, act_str_t sealed)
{
    json_t *secrets = json_object_get(root, server);
    if (!json_is_object(secrets)) {
        secrets = json_object();
        json_object_set_new(root, server, secrets);
    }
    if (act_str_empty(sealed))
        json_object_del(secrets, name);
    else
        json_object_set_new(secrets, name, json_stringn(sealed.ptr, sealed.len_bytes));
}

static bool dump(const json_t *root, int descriptor)
{
    return json_dumpfd(root, descriptor, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 &&
           fsync(descriptor) == 0;
}

static bool save(const mcp_secrets_t *self, const json_t *root)
{
    char fresh[PATH_MAX + 8];
    snprintf(fresh, sizeof fresh, "%s.new", self->path);
    int descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return false;
    bool is_whole = dump(root, descriptor);
    is_whole = close(descriptor) == 0 && is_whole;
    return is_whole && rename(fresh, self->path) == 0;
}

// The lock is a file of its own, because the other one is replaced.
static int lock(const mcp_secrets_t *self)
{
    char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s.lock", self->path);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor >= 0 && flock(descriptor, LOCK_EX) != 0) {
        (void)close(descriptor);
        return -1;
    }
    return descriptor;
}

act_err_t mcp_secrets_write(const mcp_secrets_t *self, const char *server, const char *name,
                            act_str_t secret)
{
    if (!self->key)
        return ACT_E_CONFIG;
    if (secret.len_bytes > MCP_SECRET_MAX_BYTES)
        return ACT_E_TOO_LARGE;
    int held = lock(self);
    if (held < 0)
        return ACT_E_IO;
    act_arena_t *arena = act_arena_new();
    act_buf_t sealed;
    act_buf_init(&sealed, 2 * MCP_SECRET_MAX_BYTES);
    act_seal(self->key, ACT_STR(""), sealed_name(server, name, arena), secret, &sealed);
    json_t *root = load(self);
    put(root, server, name, act_buf_str(&sealed));
    bool is_saved = save(self, root);
    json_decref(root);
    act_buf_fini(&sealed);
    act_arena_destroy(&arena);
    (void)close(held);
    return is_saved ? ACT_E_OK : ACT_E_IO;
}
