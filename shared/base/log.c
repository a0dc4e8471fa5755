// log: JSON lines with redaction. A line is built in a fixed buffer and written with one write.
#include "base/log.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/time.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// Values are cut at this length; a line is always whole, because no byte of a value becomes more than
// six ("\u0001").
#define VALUES_MAX_BYTES 4096
#define FORMAT_MAX_BYTES 1024
#define LINE_MAX_BYTES (8 * VALUES_MAX_BYTES)
#define KEEP_DAYS 90
#define DAY_TEXT_BYTES 11 // "2026-11-21"
// Phone numbers have at least 7 digits; counters and milliseconds are written as numbers, which are
// not redacted, so long digit runs inside text are addresses or ids nobody needs in a log.
#define REDACT_DIGITS 7
#define UUID_BYTES 36
// Stands between two fields while a line is made, so that a comma inside a value is only a comma.
#define FIELD_MARK '\x1e'

struct act_log {
    char *dir; // NULL: standard error
    char *service;
    char *instance;
    act_log_level_t level;
    int descriptor;
    char day[DAY_TEXT_BYTES];
    act_buf_t line;
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

act_log_t *act_log_new(const char *dir, const char *service, const char *instance,
                       act_log_level_t level)
{
    act_log_t *self = act_alloc(sizeof *self);
    self->dir = dir ? act_strdup(dir) : NULL;
    self->service = act_strdup(service);
    self->instance = act_strdup(instance);
    self->level = level;
    self->descriptor = dir ? -1 : STDERR_FILENO;
    act_buf_init(&self->line, LINE_MAX_BYTES);
    return self;
}

static void close_file(act_log_t *self)
{
    if (self->descriptor > STDERR_FILENO)
        close(self->descriptor);
    self->descriptor = -1;
}

void act_log_destroy(act_log_t **self_p)
{
    act_log_t *self = *self_p;
    if (!self)
        return;
    close_file(self);
    act_buf_fini(&self->line);
    act_free(self->dir);
    act_free(self->service);
    act_free(self->instance);
    act_free(act_take(self_p));
}

// --- files ---------------------------------------------------------------------------------------

// Is `name` a log of this service from before `oldest` ("2026-08-23")? Dates sort as text.
static bool is_expired(const act_log_t *self, const char *name, const char *oldest)
{
    size_t service_len = strlen(self->service);
    return strncmp(name, self->service, service_len) == 0 && name[service_len] == '-' &&
           strlen(name) == service_len + 1 + DAY_TEXT_BYTES - 1 + strlen(".log") &&
           strncmp(name + service_len + 1, oldest, DAY_TEXT_BYTES - 1) < 0;
}

static void remove_expired(const act_log_t *self, int64_t now_us)
{
    char oldest[ACT_TIME_TEXT_BYTES];
    act_time_text(now_us - (int64_t)KEEP_DAYS * 86400 * 1000000, oldest);
    DIR *dir = opendir(self->dir);
    if (!dir)
        return;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (is_expired(self, entry->d_name, oldest))
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}

static void open_file_of_day(act_log_t *self, int64_t now_us, const char *day)
{
    close_file(self);
    memcpy(self->day, day, DAY_TEXT_BYTES - 1);
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%s.log", self->dir, self->service, self->day);
    self->descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    remove_expired(self, now_us);
}

// --- one value -----------------------------------------------------------------------------------

static bool is_bare(const char *value, size_t len, bool is_text)
{
    if ((len == 4 && memcmp(value, "true", 4) == 0) || (len == 5 && memcmp(value, "false", 5) == 0))
        return true;
    size_t start = len > 0 && value[0] == '-' ? 1 : 0;
    if (is_text || len == start || len - start > 18)
        return false;
    for (size_t i = start; i < len; i++)
        if (!isdigit((unsigned char)value[i]))
            return false;
    return len - start == 1 || value[start] != '0';
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_mail_char(char c)
{
    return is_word_char(c) || c == '.' || c == '-' || c == '+';
}

// Ids of conversations and turns are what a log is searched for, and some are mostly digits.
static size_t uuid_len(act_str_t text)
{
    if (text.len_bytes < UUID_BYTES ||
        (text.len_bytes > UUID_BYTES && is_word_char(text.ptr[UUID_BYTES])))
        return 0;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text.ptr[i] != '-' : !isxdigit((unsigned char)text.ptr[i]))
            return 0;
    }
    return UUID_BYTES;
}

static size_t digits_len(act_str_t text)
{
    size_t len = 0;
    while (len < text.len_bytes && isdigit((unsigned char)text.ptr[len]))
        len++;
    return len >= REDACT_DIGITS ? len : 0;
}

static size_t mail_len(act_str_t text)
{
    size_t local = 0;
    while (local < text.len_bytes && is_mail_char(text.ptr[local]))
        local++;
    if (local == 0 || local == text.len_bytes || text.ptr[local] != '@')
        return 0;
    size_t end = local + 1;
    while (end < text.len_bytes && is_mail_char(text.ptr[end]))
        end++;
    return end > local + 1 ? end : 0;
}

// Writes the code point at the start of text, whole and escaped; returns its length.
static size_t add_escaped(act_buf_t *out, act_str_t text)
{
    size_t len = 0;
    uint32_t code = act_utf8_next(text, &len);
    if (code == '"' || code == '\\')
        act_buf_printf(out, "\\%c", (char)code);
    else if (code < 0x20)
        act_buf_printf(out, "\\u%04x", (unsigned)code);
    else if (code == 0xfffd)
        act_buf_add_str(out, ACT_STR("\xef\xbf\xbd")); // malformed bytes too
    else
        act_buf_add(out, text.ptr, len);
    return len;
}

static void add_text(act_buf_t *out, act_str_t text)
{
    char previous = ' ';
    while (text.len_bytes > 0) {
        bool is_word_start = !is_word_char(previous);
        size_t len = is_word_start ? uuid_len(text) : 0;
        size_t personal = 0;
        if (len == 0 && !isdigit((unsigned char)previous))
            personal = digits_len(text);
        if (len == 0 && personal == 0 && !is_mail_char(previous))
            personal = mail_len(text);
        if (personal > 0)
            act_buf_add_str(out, ACT_STR("[redacted]"));
        else if (len > 0)
            act_buf_add(out, text.ptr, len);
        else
            len = add_escaped(out, text);
        len = personal > 0 ? personal : len;
        previous = text.ptr[len - 1];
        text = act_str_of(text.ptr + len, text.len_bytes - len);
    }
}

void act_log_add_redacted(act_buf_t *out, act_str_t text)
{
    add_text(out, text);
}

// --- one line ------------------------------------------------------------------------------------

// The "=" behind a field's name, or NULL when no "name=" starts here.
static const char *end_of_name(const char *text)
{
    const char *at = text;
    while (islower((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '_')
        at++;
    return at > text && *at == '=' ? at : NULL;
}

// Marks the commas between fields, once, where no value can have brought them.
static void mark_fields(const char *fields, char *ret_format)
{
    size_t len = strlen(fields);
    act_assert(len < FORMAT_MAX_BYTES);
    memcpy(ret_format, fields, len + 1);
    for (size_t i = 0; i < len; i++)
        if (fields[i] == ',' && end_of_name(fields + i + 1))
            ret_format[i] = FIELD_MARK;
}

// Is the field at `format` made by %s? Then its digits are text, and may be somebody's number.
static bool is_text_field(const char *format)
{
    for (const char *at = strchr(format, '='); *at && *at != FIELD_MARK; at++)
        if (at[0] == '%' && at[1 + strspn(at + 1, "-+ #0123456789.*lhzjt")] == 's')
            return true;
    return false;
}

// Where the value ends: at the mark before the name that comes next in the format.
static const char *end_of_value(const char *value, const char *next)
{
    size_t name_len = next ? (size_t)(end_of_name(next + 1) + 1 - next) : 0;
    for (const char *at = value; next && (at = strchr(at, FIELD_MARK)); at++)
        if (strncmp(at, next, name_len) == 0)
            return at;
    return value + strlen(value);
}

// `values` is what printf made of the marked format.
static void add_fields(act_buf_t *out, const char *format, const char *values)
{
    for (const char *equals = end_of_name(format); equals; equals = end_of_name(format)) {
        size_t name_len = (size_t)(equals - format);
        if (strncmp(values, format, name_len + 1) != 0)
            return; // it was cut off before this field
        const char *next = strchr(format, FIELD_MARK);
        const char *value = values + name_len + 1;
        const char *end = end_of_value(value, next);
        size_t len = (size_t)(end - value);
        bool is_text = is_text_field(format);
        bool has_quotes = !is_bare(value, len, is_text);
        act_buf_printf(out, has_quotes ? ",\"%.*s\":\"" : ",\"%.*s\":", (int)name_len, format);
        if (is_text)
            add_text(out, act_str_of(value, has_quotes ? len : 0));
        if (!is_text || !has_quotes) // made of numbers of ours, or one: nobody's number
            act_buf_add_str(out, act_str_of(value, len));
        if (has_quotes)
            act_buf_add_str(out, ACT_STR("\""));
        if (!next || !*end)
            return;
        format = next + 1;
        values = end + 1;
    }
}

void act_log(act_log_t *self, act_log_level_t level, const char *event, const char *fields, ...)
{
    if (level < self->level)
        return;
    int64_t now_us = act_time_wall_us();
    char time_text[ACT_TIME_TEXT_BYTES];
    act_time_text(now_us, time_text);
    if (self->dir &&
        (self->descriptor < 0 || strncmp(self->day, time_text, DAY_TEXT_BYTES - 1) != 0))
        open_file_of_day(self, now_us, time_text);

    char format[FORMAT_MAX_BYTES], values[VALUES_MAX_BYTES];
    mark_fields(fields, format);
    va_list args;
    va_start(args, fields);
    vsnprintf(values, sizeof values, format, args);
    va_end(args);

    act_buf_t *line = &self->line;
    act_buf_reset(line);
    act_buf_printf(line,
                   "{\"time\":\"%s\",\"level\":\"%s\",\"service\":\"%s\",\"instance\":\"%s\","
                   "\"event\":\"%s\"",
                   time_text, level_names[level], self->service, self->instance, event);
    add_fields(line, format, values);
    act_buf_add_str(line, ACT_STR("}\n"));
    act_assert(!line->is_overflowed);
    if (self->descriptor < 0)
        return;
    ssize_t written = write(self->descriptor, line->ptr, line->len_bytes);
    (void)written; // a full disk must not end the actor; there is nowhere left to say so
}
