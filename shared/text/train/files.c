// files: whole small files.
#include "text/train/files.h"

#include "base/assert.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX_BYTES (4u << 20)

void act_files_path(char *ret_path, size_t size_bytes, const char *folder, const char *name)
{
    int len = snprintf(ret_path, size_bytes, "%s/%s.txt", folder, name);
    act_assert(len > 0 && (size_t)len < size_bytes);
}

act_err_t act_files_read(const char *path, act_buf_t *ret_text, act_buf_t *error)
{
    act_buf_init(ret_text, FILE_MAX_BYTES);
    FILE *file = fopen(path, "rb");
    if (!file) {
        act_buf_printf(error, "%s: %s", path, strerror(errno));
        return ACT_E_CONFIG;
    }
    char chunk[8192];
    size_t len_bytes = 0;
    while ((len_bytes = fread(chunk, 1, sizeof chunk, file)) > 0)
        act_buf_add(ret_text, chunk, len_bytes);
    bool is_bad = ferror(file) || ret_text->is_overflowed;
    fclose(file);
    if (is_bad)
        act_buf_printf(error, "%s: cannot be read, or larger than %u bytes", path, FILE_MAX_BYTES);
    return is_bad ? ACT_E_CONFIG : ACT_E_OK;
}

act_err_t act_files_write(const char *path, const act_buf_t *bytes, act_buf_t *error)
{
    FILE *file = fopen(path, "wb");
    bool is_whole = file && fwrite(bytes->ptr, 1, bytes->len_bytes, file) == bytes->len_bytes;
    bool is_closed = file && fclose(file) == 0;
    if (is_whole && is_closed)
        return ACT_E_OK;
    act_buf_printf(error, "%s: %s", path, strerror(errno));
    return ACT_E_CONFIG;
}
