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

#define LINE_MAX_BYTES 8192
#define KEEP_DAYS 90
#define DAY_TEXT_BYTES 11 // "2026-11-21"
// Phone numbers have at least 7 digits; counters and milliseconds are written as numbers, which are
// not redacted, so long digit runs inside text are addresses or ids nobody needs in a log.
#define REDACT_DIGITS 7

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

// --- one line ------------------------------------------------------------------------------------

static bool is_bare(const char *value, size_t len)
{
    if ((len == 4 && memcmp(value, "true", 4) == 0) || (len == 5 && memcmp(value, "false", 5) == 0))
        return true;
    size_t start = len > 0 && value[0] == '-' ? 1 : 0;
    if (len == start || len - start > 18)
        return false;
    for (size_t i = start; i < len; i++)
        if (!isdigit((unsigned char)value[i]))
            return false;
    return len - start == 1 || value[start] != '0';
}

static bool is_mail_char(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-' || c == '+';
}

// The length of a phone number or e-mail address that starts at value, or 0.
static size_t personal_len(const char *value, size_t len)
{
    size_t digits = 0;
    while (digits < len && isdigit((unsigned char)value[digits]))
        digits++;
    if (digits >= REDACT_DIGITS)
        return digits;
    size_t local = 0;
    while (local < len && is_mail_char(value[local]))
        local++;
    if (local == 0 || local == len || value[local] != '@')
        return 0;
    size_t end = local + 1;
    while (end < len && is_mail_char(value[end]))
        end++;
    return end > local + 1 ? end : 0;
}

static void add_escaped(act_buf_t *out, char c)
{
    if (c == '"' || c == '\\')
        act_buf_printf(out, "\\%c", c);
    else if ((unsigned char)c < 0x20)
        act_buf_printf(out, "\\u%04x", (unsigned)c);
    else
        act_buf_add_char(out, c);
}

static void add_value(act_buf_t *out, const char *value, size_t len)
{
    if (is_bare(value, len)) {
        act_buf_add(out, value, len);
        return;
    }
    act_buf_add_char(out, '"');
    bool at_word_start = true;
    for (size_t i = 0; i < len;) {
        size_t personal = at_word_start ? personal_len(value + i, len - i) : 0;
        if (personal > 0) {
            act_buf_add_str(out, ACT_STR("[redacted]"));
            i += personal;
            continue;
        }
        at_word_start = !isalnum((unsigned char)value[i]) || isdigit((unsigned char)value[i]) != 0;
        add_escaped(out, value[i++]);
    }
    act_buf_add_char(out, '"');
}

static bool is_name_char(char c)
{
    return islower((unsigned char)c) || isdigit((unsigned char)c) || c == '_';
}

// Does "name=" start here?
static bool starts_field(const char *text)
{
    size_t i = 0;
    while (is_name_char(text[i]))
        i++;
    return i > 0 && text[i] == '=';
}

static void add_fields(act_buf_t *out, const char *text)
{
    while (starts_field(text)) {
        const char *equals = strchr(text, '=');
        const char *end = equals + 1;
        while (*end && !(*end == ',' && starts_field(end + 1)))
            end++;
        act_buf_printf(out, ",\"%.*s\":", (int)(equals - text), text);
        add_value(out, equals + 1, (size_t)(end - equals - 1));
        text = *end ? end + 1 : end;
    }
}

void act_log(act_log_t *self, act_log_level_t level, const char *event, const char *fields, ...)
{
    if (level < self->level)
        return;
    int64_t now_us = act_time_wall_us();
    char time_text[ACT_TIME_TEXT_BYTES];
    act_time_text(now_us, time_text);
    if (self->dir && (self->descriptor < 0 || strncmp(self->day, time_text, DAY_TEXT_BYTES - 1) != 0))
        open_file_of_day(self, now_us, time_text);

    char values[LINE_MAX_BYTES / 2];
    va_list args;
    va_start(args, fields);
    vsnprintf(values, sizeof values, fields, args);
    va_end(args);

    act_buf_t *line = &self->line;
    act_buf_reset(line);
    act_buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"service\":\"%s\",\"instance\":\"%s\",\"event\":\"%s\"",
                   time_text, level_names[level], self->service, self->instance, event);
    add_fields(line, values);
    act_buf_add_str(line, ACT_STR("}\n"));
    if (line->is_overflowed || self->descriptor < 0)
        return;
    ssize_t written = write(self->descriptor, line->ptr, line->len_bytes);
    (void)written; // a full disk must not end the actor; there is nowhere left to say so
}
