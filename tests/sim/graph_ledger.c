// graph_ledger: a ring of lines, and a file.
#include "sim/graph_ledger.h"

#include "base/time.h"
#include "io/json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1u << 20)
#define ANSWER_MAX_BYTES (4u << 20)

typedef struct {
    char *text; // owned, with its newline
    size_t len_bytes;
} line_t;

struct graph_ledger {
    int descriptor; // -1 without a file
    line_t *lines;  // a ring: the record with index i is at (i - 1) % max_count
    uint32_t max_count;
    size_t max_bytes;
    size_t kept_bytes;
    uint64_t count;
    uint64_t first; // index of the oldest in memory; count + 1 when none is
    uint64_t errors_count;
    act_buf_t line;
};

act_err_t graph_ledger_new(const char *path, uint32_t max_count, size_t max_bytes,
                           graph_ledger_t **ret_ledger)
{
    int descriptor = -1;
    if (path) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (descriptor < 0)
            return ACT_E_IO;
    }
    graph_ledger_t *self = act_alloc(sizeof *self);
    self->descriptor = descriptor;
    self->max_count = max_count;
    self->max_bytes = max_bytes;
    self->first = 1;
    self->lines = act_alloc_array(max_count, sizeof *self->lines);
    act_buf_init(&self->line, LINE_MAX_BYTES);
    *ret_ledger = self;
    return ACT_E_OK;
}

void graph_ledger_destroy(graph_ledger_t **self_p)
{
    if (!*self_p)
        return;
    graph_ledger_t *self = *self_p;
    graph_ledger_reset(self);
    if (self->descriptor >= 0)
        (void)close(self->descriptor);
    act_buf_fini(&self->line);
    act_free(self->lines);
    act_free(act_take(self_p));
}

static line_t *line_at(const graph_ledger_t *self, uint64_t index)
{
    return &self->lines[(index - 1) % self->max_count];
}

static void drop_first(graph_ledger_t *self)
{
    line_t *line = line_at(self, self->first++);
    self->kept_bytes -= line->len_bytes;
    act_free(line->text);
    *line = (line_t){0};
}

static void keep_line(graph_ledger_t *self, act_str_t text)
{
    while (self->first < self->count && (self->count - self->first >= self->max_count ||
                                         self->kept_bytes + text.len_bytes > self->max_bytes))
        drop_first(self);
    char *copy = act_realloc(NULL, text.len_bytes);
    memcpy(copy, text.ptr, text.len_bytes);
    *line_at(self, self->count) = (line_t){.text = copy, .len_bytes = text.len_bytes};
    self->kept_bytes += text.len_bytes;
}

static void write_line(graph_ledger_t *self, act_str_t text)
{
    while (self->descriptor >= 0 && text.len_bytes > 0) {
        ssize_t written = write(self->descriptor, text.ptr, text.len_bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            self->errors_count++;
            return;
        }
        text = act_str_of(text.ptr + written, text.len_bytes - (size_t)written);
    }
}

static void add_member(act_buf_t *out, const char *name, act_str_t text)
{
    act_buf_add_str(out, act_str(name));
    act_json_quote(text, out);
}

// White space between JSON tokens may be line ends, and a record is one line.
static void add_on_one_line(act_buf_t *out, act_str_t json)
{
    size_t start = out->len_bytes;
    act_buf_add_str(out, json);
    for (size_t i = start; i < out->len_bytes; i++)
        if (out->ptr[i] == '\n' || out->ptr[i] == '\r')
            out->ptr[i] = ' ';
}

void graph_ledger_add(graph_ledger_t *self, const graph_record_t *record)
{
    act_buf_t *line = &self->line;
    act_buf_reset(line);
    act_buf_printf(line, "{\"index\":%" PRIu64 ",\"at_us\":%" PRId64, ++self->count,
                   act_time_wall_us());
    add_member(line, ",\"provider_id\":", record->provider_id);
    add_member(line, ",\"phone_number_id\":", record->phone_number_id);
    add_member(line, ",\"to\":", record->send->to);
    add_member(line, ",\"type\":", record->send->type);
    add_member(line, ",\"body\":", record->send->text);
    add_member(line, ",\"outbox_id\":", record->send->outbox_id);
    act_buf_add_str(line, ACT_STR(",\"request\":"));
    add_on_one_line(line, record->request);
    act_buf_add_str(line, ACT_STR("}\n"));
    write_line(self, act_buf_str(line));
    keep_line(self, act_buf_str(line));
}

uint64_t graph_ledger_count(const graph_ledger_t *self)
{
    return self->count;
}

uint64_t graph_ledger_errors(const graph_ledger_t *self)
{
    return self->errors_count;
}

void graph_ledger_read(const graph_ledger_t *self, uint64_t since, act_buf_t *out)
{
    uint64_t index = since + 1 > self->first ? since + 1 : self->first;
    size_t start = out->len_bytes;
    act_buf_add_char(out, '[');
    for (; index <= self->count && out->len_bytes - start < ANSWER_MAX_BYTES; index++) {
        const line_t *line = line_at(self, index);
        if (out->len_bytes > start + 1)
            act_buf_add_char(out, ',');
        act_buf_add(out, line->text, line->len_bytes - 1);
    }
    act_buf_add_char(out, ']');
}

void graph_ledger_reset(graph_ledger_t *self)
{
    while (self->first <= self->count)
        drop_first(self);
    self->count = 0;
    self->first = 1;
}
