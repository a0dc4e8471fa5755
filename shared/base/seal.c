// seal: one AEAD of libsodium, a key file, and a text form.
#include "base/seal.h"

#include "base/assert.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BASE64 sodium_base64_VARIANT_ORIGINAL
// Owner all, group read, others nothing.
#define FORBIDDEN_MODE (S_IWGRP | S_IXGRP | S_IRWXO)

_Static_assert(ACT_SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");

static const char prefix[] = "v1:";

struct act_seal_key {
    unsigned char bytes[ACT_SEAL_KEY_BYTES];
};

// --- the key file --------------------------------------------------------------------------------

static bool write_whole(int descriptor, const unsigned char *bytes, size_t size_bytes)
{
    ssize_t written = write(descriptor, bytes, size_bytes);
    return written == (ssize_t)size_bytes && fsync(descriptor) == 0;
}

act_err_t act_seal_key_create(const char *path)
{
    act_assert(sodium_init() >= 0);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor < 0)
        return errno == EEXIST ? ACT_E_CONFLICT : ACT_E_IO;
    unsigned char bytes[ACT_SEAL_KEY_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    bool is_written = write_whole(descriptor, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
    is_written = close(descriptor) == 0 && is_written;
    if (!is_written)
        (void)unlink(path); // half a key would be refused for ever
    return is_written ? ACT_E_OK : ACT_E_IO;
}

// Why the open file is not a key file, or NULL.
static const char *flaw_of_file(int descriptor)
{
    struct stat info;
    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode))
        return "is not a regular file";
    if (info.st_mode & FORBIDDEN_MODE)
        return "may be read by others; its mode must be 0600, 0400 or 0440";
    return info.st_size == ACT_SEAL_KEY_BYTES ? NULL : "does not have 32 bytes";
}

static const char *read_key(const char *path, act_seal_key_t *key)
{
    // Not blocking: the path may name a pipe by mistake.
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return "cannot be opened";
    const char *flaw = flaw_of_file(descriptor);
    if (!flaw && read(descriptor, key->bytes, sizeof key->bytes) != (ssize_t)sizeof key->bytes)
        flaw = "cannot be read";
    (void)close(descriptor);
    return flaw;
}

act_err_t act_seal_key_load(const char *path, act_seal_key_t **ret_key, const char **ret_reason)
{
    act_assert(sodium_init() >= 0);
    ACT_AUTO(act_seal_key) *key = sodium_malloc(sizeof *key);
    act_assert(key != NULL);
    const char *flaw = read_key(path, key);
    if (flaw) {
        *ret_reason = flaw;
        return ACT_E_CONFIG;
    }
    act_assert(sodium_mprotect_readonly(key) == 0);
    *ret_key = act_take(&key);
    return ACT_E_OK;
}

act_err_t act_seal_key_open(const act_config_t *config, act_log_t *log, act_seal_key_t **ret_key)
{
    const char *path = act_config_text(config, "master_key_file");
    const char *reason = "";
    act_err_t err = act_seal_key_load(path, ret_key, &reason);
    if (err != ACT_E_OK)
        act_log_error(log, "master_key", "file=%s,problem=%s", path, reason);
    return err;
}

void act_seal_key_destroy(act_seal_key_t **self_p)
{
    sodium_free(act_take(self_p)); // wipes; NULL is allowed
}

// --- sealing -------------------------------------------------------------------------------------

// tenant + "/" + name. The name never holds a slash, so no two pairs give the same text.
static act_str_t associated(act_str_t tenant, const char *name, act_arena_t *arena)
{
    return act_arena_printf(arena, "%" ACT_STR_FMT "/%s", ACT_STR_ARG(tenant), name);
}

static void add_base64(act_buf_t *out, const unsigned char *bytes, size_t size_bytes)
{
    size_t text_bytes = sodium_base64_encoded_len(size_bytes, BASE64); // with the terminator
    char *room = act_buf_reserve(out, text_bytes);
    if (!room)
        return;
    sodium_bin2base64(room, text_bytes, bytes, size_bytes, BASE64);
    out->len_bytes += text_bytes - 1;
}

void act_seal(const act_seal_key_t *key, act_str_t tenant, const char *name, act_str_t secret,
              act_buf_t *out)
{
    if (act_str_empty(secret))
        return;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t data = associated(tenant, name, arena);
    size_t sealed_bytes = NONCE_BYTES + secret.len_bytes + TAG_BYTES;
    unsigned char *sealed = act_arena_alloc(arena, sealed_bytes);
    randombytes_buf(sealed, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        sealed + NONCE_BYTES, NULL, (const unsigned char *)secret.ptr, secret.len_bytes,
        (const unsigned char *)data.ptr, data.len_bytes, NULL, /* nonce= */ sealed, key->bytes);
    act_buf_add_str(out, act_str(prefix));
    add_base64(out, sealed, sealed_bytes);
}

// --- opening -------------------------------------------------------------------------------------

// The bytes behind the prefix, in the arena; NULL when the text is not one of ours.
static unsigned char *decode(act_str_t sealed, act_arena_t *arena, size_t *ret_size_bytes)
{
    size_t prefix_bytes = strlen(prefix);
    if (!act_str_starts_with(sealed, prefix))
        return NULL;
    size_t text_bytes = sealed.len_bytes - prefix_bytes;
    unsigned char *bytes = act_arena_alloc(arena, text_bytes / 4 * 3 + 3);
    bool is_whole = sodium_base642bin(bytes, text_bytes / 4 * 3 + 3, sealed.ptr + prefix_bytes,
                                      text_bytes, /* ignore= */ NULL, ret_size_bytes,
                                      /* b64_end= */ NULL, BASE64) == 0;
    return is_whole && *ret_size_bytes > NONCE_BYTES + TAG_BYTES ? bytes : NULL;
}

act_err_t act_open(const act_seal_key_t *key, act_str_t tenant, const char *name, act_str_t sealed,
                   act_arena_t *arena, act_str_t *ret_secret)
{
    if (act_str_empty(sealed)) {
        *ret_secret = ACT_STR("");
        return ACT_E_OK;
    }
    size_t size_bytes = 0;
    const unsigned char *bytes = decode(sealed, arena, &size_bytes);
    if (!bytes)
        return ACT_E_MALFORMED;
    act_str_t data = associated(tenant, name, arena);
    size_t secret_bytes = size_bytes - NONCE_BYTES - TAG_BYTES;
    char *secret = act_arena_alloc(arena, secret_bytes + 1);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            (unsigned char *)secret, NULL, NULL, bytes + NONCE_BYTES, size_bytes - NONCE_BYTES,
            (const unsigned char *)data.ptr, data.len_bytes, /* nonce= */ bytes, key->bytes) != 0)
        return ACT_E_UNAUTHORISED;
    *ret_secret = act_str_of(secret, secret_bytes);
    return ACT_E_OK;
}

void act_seal_wipe(act_str_t *secret)
{
    // Secrets of act_open lie in an arena: ours to write.
    if (!act_str_empty(*secret))
        sodium_memzero((char *)(uintptr_t)secret->ptr, secret->len_bytes);
    *secret = ACT_STR("");
}
