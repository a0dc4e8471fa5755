// log_tail: reads the end of two files. They are in the page cache: they were written a moment ago.
#include "log_tail.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MAX_BYTES (256u << 10)
#define OUTPUT_LINES_MAX_COUNT 20u
#define DAY_TEXT_BYTES 10 // "2026-11-21"
#define PATH_MAX_BYTES 512

// The last bytes of a file, ended by '\0'; the caller frees them. NULL: there is none.
static char *end_of_file(const char *path, size_t *ret_len)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        if (descriptor >= 0)
            close(descriptor);
        return NULL;
    }
    off_t from =
        status.st_size > (off_t)LOOK_MAX_BYTES ? status.st_size - (off_t)LOOK_MAX_BYTES : 0;
    char *text = act_alloc(LOOK_MAX_BYTES + 1);
    ssize_t len = pread(descriptor, text, LOOK_MAX_BYTES, from);
    close(descriptor);
    *ret_len = len > 0 ? (size_t)len : 0;
    return text;
}

// Adds the last lines that hold `part`, oldest first.
static void add_lines(act_str_t text, const char *part, uint32_t max_lines, act_buf_t *out)
{
    const char *end = text.ptr + text.len_bytes;
    const char *from = end;
    uint32_t count = 0;
    // Backwards to the first line that is wanted, then forwards.
    for (const char *at = end; at > text.ptr && count < max_lines;) {
        const char *line = memrchr(text.ptr, '\n', (size_t)(at - 1 - text.ptr));
        line = line ? line + 1 : text.ptr;
        if (memmem(line, (size_t)(at - line), part, strlen(part))) {
            from = line;
            count++;
        }
        at = line;
    }
    while (from < end) {
        const char *next = memchr(from, '\n', (size_t)(end - from));
        size_t len = next ? (size_t)(next - from) : (size_t)(end - from);
        if (len > 0 && memmem(from, len, part, strlen(part))) {
            act_buf_add(out, from, len);
            act_buf_add_char(out, '\n');
        }
        from += len + 1;
    }
}

static void add_file(const char *path, const char *part, uint32_t max_lines, act_buf_t *out)
{
    size_t len = 0;
    char *text = end_of_file(path, &len);
    if (text)
        add_lines(act_str_of(text, len), part, max_lines, out);
    act_free(text);
}

void log_tail(const char *log_dir, const char *name, const char *instance, int64_t now_us,
              uint32_t max_lines, act_buf_t *out)
{
    char path[PATH_MAX_BYTES], part[128], day[ACT_TIME_TEXT_BYTES];
    uint32_t output_lines =
        max_lines / 2 < OUTPUT_LINES_MAX_COUNT ? max_lines / 2 : OUTPUT_LINES_MAX_COUNT;
    act_time_text(now_us, day);
    part[0] = '\0';
    if (*instance)
        snprintf(part, sizeof part, "\"instance\":\"%s\"", instance);
    else
        output_lines = 0; // each has a file of its own
    snprintf(path, sizeof path, "%s/%s-%.*s.log", log_dir, name, DAY_TEXT_BYTES, day);
    add_file(path, part, max_lines - output_lines, out);
    snprintf(path, sizeof path, "%s/%s.out", log_dir, instance);
    add_file(path, "", output_lines, out);
}
