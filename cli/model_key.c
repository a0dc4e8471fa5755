// model_key: read, sealed, wiped.
#include "model_key.h"

#include "base/seal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX_BYTES 2048
#define USD_MAX 1000000

static act_err_t refuse(const char *what, const char *why)
{
    fprintf(stderr, "parley model: %s: %s\n", what, why);
    return ACT_E_CONFIG;
}

static act_err_t read_key(const model_key_source_t *source, char *ret_key)
{
    if (source->environment) {
        const char *value = getenv(source->environment);
        if (!value || !act_str_copy(act_str(value), ret_key, KEY_MAX_BYTES))
            return refuse(source->environment, "is not set, or too long");
        return ACT_E_OK;
    }
    FILE *file = strcmp(source->file, "-") == 0 ? stdin : fopen(source->file, "re");
    if (!file)
        return refuse(source->file, strerror(errno));
    size_t len_bytes = fread(ret_key, 1, KEY_MAX_BYTES - 1, file);
    ret_key[len_bytes] = '\0';
    if (file != stdin)
        fclose(file);
    return ACT_E_OK;
}

static act_err_t load_master(const instance_t *instance, act_seal_key_t **ret_key)
{
    char path[PATH_MAX];
    const char *reason = "";
    const char *named = getenv("PARLEY_MASTER_KEY_FILE");
    (void)snprintf(path, sizeof path, "%.*s/master.key", PATH_MAX - 16, instance->keys);
    if (act_seal_key_load(named ? named : path, ret_key, &reason) == ACT_E_OK)
        return ACT_E_OK;
    return refuse(named ? named : path, reason);
}

static act_err_t seal(const instance_t *instance, const char *tenant, const char *name,
                      act_str_t key, act_arena_t *arena, act_str_t *ret_sealed)
{
    ACT_AUTO(act_seal_key) *master = NULL;
    act_err_t err = load_master(instance, &master);
    if (err != ACT_E_OK)
        return err;
    act_buf_t sealed;
    act_buf_init(&sealed, 2 * KEY_MAX_BYTES);
    act_seal(master, act_str(tenant), name, key, &sealed);
    *ret_sealed = act_arena_str(arena, act_buf_str(&sealed));
    act_buf_fini(&sealed);
    return ACT_E_OK;
}

act_err_t model_key_seal_as(const instance_t *instance, const model_key_source_t *source,
                            const char *tenant, const char *name, act_arena_t *arena,
                            act_str_t *ret_sealed)
{
    char key[KEY_MAX_BYTES];
    *ret_sealed = ACT_STR("");
    if (!source->environment && !source->file)
        return ACT_E_OK;
    act_err_t err = read_key(source, key);
    act_str_t trimmed = act_str_trim(act_str(key));
    if (err == ACT_E_OK && act_str_empty(trimmed))
        err = refuse("the key", "is empty");
    if (err == ACT_E_OK)
        err = seal(instance, tenant, name, trimmed, arena, ret_sealed);
    explicit_bzero(key, sizeof key);
    return err;
}

act_err_t model_key_seal(const instance_t *instance, const model_key_source_t *source,
                         const char *tenant, const char *provider, act_arena_t *arena,
                         act_str_t *ret_sealed)
{
    const char *name = act_arena_printf(arena, ACT_SEAL_MODEL_KEY "%s", provider).ptr;
    return model_key_seal_as(instance, source, tenant, name, arena, ret_sealed);
}

bool model_key_read_usd(const char *text, int64_t *ret_micro_usd)
{
    act_str_t rest = act_str(text);
    act_str_t whole = act_str_cut(&rest, '.');
    int64_t dollars = 0, micro = 0, scale = 1000000;
    if (whole.len_bytes > 7 || rest.len_bytes > 6 || !act_str_to_int(whole, &dollars) ||
        dollars < 0 || dollars > USD_MAX || strspn(text, "0123456789.") != strlen(text))
        return false;
    for (size_t i = 0; i < rest.len_bytes; i++) {
        if (rest.ptr[i] == '.')
            return false;
        scale /= 10;
        micro += (rest.ptr[i] - '0') * scale;
    }
    *ret_micro_usd = dollars * 1000000 + micro;
    return true;
}
