// bus_key: reading, checking and making key files.
#include "actor/bus_key.h"

#include "base/assert.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define KEY_CHARS (ACT_BUS_KEY_TEXT_BYTES - 1)
#define KEY_BYTES 32
#define FILE_MAX_BYTES 512

bool act_bus_key_is_needed(const char *endpoint)
{
    return strncmp(endpoint, "tcp://", 6) == 0;
}

void act_bus_key_decode(const char *key, uint8_t ret_bytes[KEY_BYTES])
{
    act_assert(zmq_z85_decode(ret_bytes, key) != NULL);
}

static bool parse_line(act_str_t line, char ret_key[ACT_BUS_KEY_TEXT_BYTES])
{
    uint8_t binary[KEY_BYTES];
    if (line.len_bytes != KEY_CHARS)
        return false;
    char key[ACT_BUS_KEY_TEXT_BYTES];
    act_str_copy(line, key, sizeof key);
    if (strlen(key) != KEY_CHARS || !zmq_z85_decode(binary, key))
        return false;
    memcpy(ret_key, key, sizeof key);
    return true;
}

bool act_bus_key_parse(act_str_t text, char ret_keys[][ACT_BUS_KEY_TEXT_BYTES], uint32_t max_count,
                       uint32_t *ret_count)
{
    *ret_count = 0;
    while (text.len_bytes > 0) {
        const char *end = memchr(text.ptr, '\n', text.len_bytes);
        size_t line_bytes = end ? (size_t)(end - text.ptr) : text.len_bytes;
        act_str_t line = act_str_trim(act_str_of(text.ptr, line_bytes));
        if (!act_str_empty(line) &&
            (*ret_count == max_count || !parse_line(line, ret_keys[(*ret_count)++])))
            return false;
        size_t used_bytes = end ? line_bytes + 1 : line_bytes;
        text = act_str_of(text.ptr + used_bytes, text.len_bytes - used_bytes);
    }
    return *ret_count > 0;
}

// --- reading -------------------------------------------------------------------------------------

// What others may do with a file is looked at on the open file, so that it cannot change in between.
static act_err_t read_key(const char *path, bool is_secret, char ret_key[ACT_BUS_KEY_TEXT_BYTES],
                          act_buf_t *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (descriptor < 0 || fstat(descriptor, &info) != 0) {
        act_buf_printf(error, "%s: %s", path, strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return ACT_E_CONFIG;
    }
    char text[FILE_MAX_BYTES];
    ssize_t len = read(descriptor, text, sizeof text);
    close(descriptor);
    if (is_secret && (info.st_mode & 077) != 0) {
        act_buf_printf(error, "%s: a secret that others can read: chmod 600 %s", path, path);
        return ACT_E_CONFIG;
    }
    uint32_t count = 0;
    char keys[8][ACT_BUS_KEY_TEXT_BYTES];
    if (len <= 0 ||
        !act_bus_key_parse(act_str_of(text, (size_t)len), keys, ACT_COUNT(keys), &count))
        act_buf_printf(error, "%s: is no key file (40 characters of Z85; see: parley keys)", path);
    else
        memcpy(ret_key, keys[0], sizeof keys[0]);
    explicit_bzero(text, sizeof text);
    explicit_bzero(keys, sizeof keys);
    return count > 0 && error->len_bytes == 0 ? ACT_E_OK : ACT_E_CONFIG;
}

act_err_t act_bus_key_load_pair(const char *path, act_bus_pair_t *ret_pair, act_buf_t *error)
{
    act_bus_pair_t pair;
    act_err_t err = read_key(path, /* is_secret= */ true, pair.secret_key, error);
    if (err == ACT_E_OK && zmq_curve_public(pair.public_key, pair.secret_key) != 0) {
        act_buf_printf(error, "%s: no public key follows from it: %s", path, zmq_strerror(errno));
        err = ACT_E_CONFIG;
    }
    if (err == ACT_E_OK)
        *ret_pair = pair;
    explicit_bzero(&pair, sizeof pair);
    return err;
}

act_err_t act_bus_key_load_public(const char *path, char ret_key[ACT_BUS_KEY_TEXT_BYTES],
                                  act_buf_t *error)
{
    return read_key(path, /* is_secret= */ false, ret_key, error);
}

act_err_t act_bus_key_load(const char *server_key_path, const char *own_key_path,
                           act_bus_keys_t *ret_keys, act_buf_t *error)
{
    if (!server_key_path || !*server_key_path) {
        act_buf_printf(error,
                       "PARLEY_BUS_SERVER_KEY is missing: the file with the broker's public key "
                       "(example: PARLEY_BUS_SERVER_KEY=keys/bus/broker.pub)");
        return ACT_E_CONFIG;
    }
    if (!own_key_path || !*own_key_path) {
        act_buf_printf(error,
                       "PARLEY_BUS_KEY_FILE is missing: the file with this actor's secret key "
                       "(example: parley keys add agent, then "
                       "PARLEY_BUS_KEY_FILE=keys/actors/agent.key)");
        return ACT_E_CONFIG;
    }
    act_bus_keys_t keys;
    act_err_t err = act_bus_key_load_public(server_key_path, keys.server_key, error);
    if (err == ACT_E_OK)
        err = act_bus_key_load_pair(own_key_path, &keys.own, error);
    if (err == ACT_E_OK)
        *ret_keys = keys;
    explicit_bzero(&keys, sizeof keys);
    return err;
}

act_err_t act_bus_key_check_folder(const char *path, act_buf_t *error)
{
    struct stat info;
    if (stat(path, &info) != 0)
        act_buf_printf(error, "%s: %s (make it: parley keys init)", path, strerror(errno));
    else if (!S_ISDIR(info.st_mode))
        act_buf_printf(error, "%s: is no folder", path);
    else if ((info.st_mode & 077) != 0)
        act_buf_printf(error, "%s: a folder of keys that others can enter: chmod 700 %s", path,
                       path);
    else
        return ACT_E_OK;
    return ACT_E_CONFIG;
}

// --- making --------------------------------------------------------------------------------------

// Written beside its place and renamed, so that no reader sees half of it.
static act_err_t write_key(const char *path, const char *key, mode_t mode)
{
    char draft[PATH_MAX];
    if (snprintf(draft, sizeof draft, "%s.new", path) >= (int)sizeof draft) {
        errno = ENAMETOOLONG;
        return ACT_E_IO;
    }
    unlink(draft);
    int descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor < 0)
        return ACT_E_IO;
    bool is_written = fchmod(descriptor, mode) == 0 && dprintf(descriptor, "%s\n", key) > 0 &&
                      fsync(descriptor) == 0;
    is_written = close(descriptor) == 0 && is_written;
    if (is_written && rename(draft, path) == 0)
        return ACT_E_OK;
    int reason = errno;
    unlink(draft);
    errno = reason;
    return ACT_E_IO;
}

act_err_t act_bus_key_create(const char *secret_path, const char *public_path)
{
    act_bus_pair_t pair;
    if (zmq_curve_keypair(pair.public_key, pair.secret_key) != 0)
        return ACT_E_IO;
    act_err_t err = write_key(secret_path, pair.secret_key, 0600);
    if (err == ACT_E_OK)
        err = write_key(public_path, pair.public_key, 0644);
    explicit_bzero(&pair, sizeof pair);
    return err;
}
