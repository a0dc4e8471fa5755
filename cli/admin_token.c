// admin_token: written whole under another name first, so that a file that is there is complete.
#include "admin_token.h"

#include "base/id.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_BYTES 32

static void make_text(char *ret_token)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char secret[SECRET_BYTES];
    act_random(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++) {
        ret_token[2 * i] = digits[secret[i] >> 4];
        ret_token[2 * i + 1] = digits[secret[i] & 15];
    }
    ret_token[2 * sizeof secret] = '\0';
}

static bool write_whole(const char *path, const char *token)
{
    char text[ADMIN_TOKEN_BYTES + 1];
    int len = snprintf(text, sizeof text, "%s\n", token);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return false;
    bool is_good = fchmod(descriptor, 0600) == 0 && write(descriptor, text, (size_t)len) == len &&
                   fsync(descriptor) == 0;
    return close(descriptor) == 0 && is_good;
}

act_err_t admin_token_make(const instance_t *instance, char *ret_path, char *ret_token,
                           bool *ret_is_new)
{
    char fresh[PATH_MAX];
    snprintf(ret_path, PATH_MAX, "%.*s/admin.token", PATH_MAX - 32, instance->keys);
    snprintf(fresh, sizeof fresh, "%.*s/admin.token.new", PATH_MAX - 32, instance->keys);
    *ret_is_new = access(ret_path, F_OK) != 0;
    if (!*ret_is_new)
        return ACT_E_OK;
    make_text(ret_token);
    return write_whole(fresh, ret_token) && rename(fresh, ret_path) == 0 ? ACT_E_OK : ACT_E_IO;
}
