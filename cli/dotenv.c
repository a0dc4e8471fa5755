// dotenv: a line a setting.
#include "dotenv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 8192

static bool is_name(act_str_t name)
{
    for (size_t i = 0; i < name.len_bytes; i++) {
        char c = name.ptr[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        if (!is_letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name.len_bytes > 0;
}

static act_str_t unquote(act_str_t value)
{
    if (value.len_bytes >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'') &&
        value.ptr[value.len_bytes - 1] == value.ptr[0])
        return act_str_of(value.ptr + 1, value.len_bytes - 2);
    return value;
}

static bool load_line(act_str_t line)
{
    line = act_str_trim(line);
    if (act_str_empty(line) || line.ptr[0] == '#')
        return true;
    if (act_str_starts_with(line, "export "))
        line = act_str_trim(act_str_of(line.ptr + 7, line.len_bytes - 7));
    act_str_t value = line;
    act_str_t name = act_str_cut(&value, '=');
    if (!is_name(name) || name.len_bytes == line.len_bytes)
        return false;
    char name_text[128], value_text[LINE_MAX_BYTES];
    if (!act_str_copy(name, name_text, sizeof name_text) ||
        !act_str_copy(unquote(act_str_trim(value)), value_text, sizeof value_text))
        return false;
    return setenv(name_text, value_text, /* overwrite= */ 0) == 0;
}

static act_err_t refuse_file(const char *path, act_buf_t *error)
{
    act_buf_printf(error, "%s cannot be read: %s", path, strerror(errno));
    return ACT_E_CONFIG;
}

static act_err_t load_lines(FILE *file, const char *path, act_buf_t *error)
{
    char line[LINE_MAX_BYTES];
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        size_t len = strlen(line);
        if (len == sizeof line - 1 && line[len - 1] != '\n' && !feof(file)) {
            act_buf_printf(error, "%s:%d is longer than %d bytes", path, number,
                           LINE_MAX_BYTES - 2);
            return ACT_E_CONFIG;
        }
        if (!load_line(act_str(line))) {
            act_buf_printf(error, "%s:%d is not a setting (example: WH_PHONE_ID=800001)", path,
                           number);
            return ACT_E_CONFIG;
        }
    }
    return ferror(file) ? refuse_file(path, error) : ACT_E_OK;
}

act_err_t dotenv_load(const char *path, act_buf_t *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? ACT_E_OK : refuse_file(path, error);
    act_err_t err = load_lines(file, path, error);
    fclose(file);
    return err;
}
