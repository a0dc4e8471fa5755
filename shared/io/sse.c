// sse: lines out of bytes, fields out of lines, events out of fields. Each has its fast case: what is
// whole in the bytes that came is looked at where it stands.
#include "io/sse.h"

#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

void act_sse_init(act_sse_t *self, size_t event_max_bytes)
{
    *self = (act_sse_t){.retry_ms = ACT_SSE_NO_RETRY};
    act_buf_init(&self->line, event_max_bytes);
    act_buf_init(&self->data, event_max_bytes);
}

void act_sse_fini(act_sse_t *self)
{
    act_buf_fini(&self->line);
    act_buf_fini(&self->data);
}

static void forget_event(act_sse_t *self)
{
    act_buf_reset(&self->data);
    self->name[0] = '\0';
    self->has_data = false;
    self->is_kept = false;
}

void act_sse_reset(act_sse_t *self)
{
    forget_event(self);
    act_buf_reset(&self->line);
    self->id[0] = self->open_id[0] = '\0';
    self->retry_ms = ACT_SSE_NO_RETRY;
    self->was_cr = false;
    self->is_begun = false;
    self->is_too_large = false;
}

// --- fields --------------------------------------------------------------------------------------

static void keep_data(act_sse_t *self)
{
    if (!self->has_data || self->is_kept)
        return;
    act_buf_add_str(&self->data, self->view);
    self->is_kept = true;
}

static void take_data(act_sse_t *self, act_str_t value)
{
    if (!self->has_data) {
        self->has_data = true;
        self->view = value;
        return;
    }
    keep_data(self);
    act_buf_add_char(&self->data, '\n');
    act_buf_add_str(&self->data, value);
}

static void take_id(act_sse_t *self, act_str_t value)
{
    if (value.len_bytes > 0 && memchr(value.ptr, '\0', value.len_bytes))
        return; // as the standard wants it
    if (!act_str_copy(value, self->open_id, sizeof self->open_id))
        self->open_id[0] = '\0';
}

static void take_retry(act_sse_t *self, act_str_t value)
{
    uint64_t retry_ms = 0;
    for (size_t i = 0; i < value.len_bytes; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9' || retry_ms > INT32_MAX / 10)
            return;
        retry_ms = retry_ms * 10 + (uint64_t)(value.ptr[i] - '0');
    }
    if (value.len_bytes > 0)
        self->retry_ms = (uint32_t)retry_ms;
}

static void take_field(act_sse_t *self, act_str_t line)
{
    act_str_t name = act_str_cut(&line, ':');
    if (line.len_bytes > 0 && line.ptr[0] == ' ')
        line = act_str_of(line.ptr + 1, line.len_bytes - 1);
    if (act_str_is(name, "data"))
        take_data(self, line);
    else if (act_str_is(name, "event"))
        (void)act_str_copy(line, self->name, sizeof self->name);
    else if (act_str_is(name, "id"))
        take_id(self, line);
    else if (act_str_is(name, "retry"))
        take_retry(self, line);
}

static void take_line(act_sse_t *self, act_str_t line, act_sse_fn *fn, void *context)
{
    if (!self->is_begun && act_str_starts_with(line, BYTE_ORDER_MARK))
        line = act_str_of(line.ptr + 3, line.len_bytes - 3);
    self->is_begun = true;
    if (line.len_bytes > 0) {
        take_field(self, line);
        return;
    }
    if (self->open_id[0] != '\0' || self->id[0] != '\0')
        memcpy(self->id, self->open_id, sizeof self->id);
    if (self->has_data && !self->data.is_overflowed)
        fn(context, act_str(self->name), self->is_kept ? act_buf_str(&self->data) : self->view);
    self->is_too_large = self->is_too_large || self->data.is_overflowed;
    forget_event(self);
}

// --- lines ---------------------------------------------------------------------------------------

// A line that came in pieces; what is looked at stands in `line`, which is used again.
static void take_long_line(act_sse_t *self, act_str_t rest, act_sse_fn *fn, void *context)
{
    act_buf_add_str(&self->line, rest);
    self->is_too_large = self->line.is_overflowed;
    if (self->is_too_large)
        return;
    take_line(self, act_buf_str(&self->line), fn, context);
    keep_data(self);
    act_buf_reset(&self->line);
}

// The length of the line at the beginning of these bytes; all of them when its end has not come.
static size_t line_bytes(act_str_t bytes)
{
    const char *end = memchr(bytes.ptr, '\n', bytes.len_bytes);
    size_t len_bytes = end ? (size_t)(end - bytes.ptr) : bytes.len_bytes;
    const char *early = memchr(bytes.ptr, '\r', len_bytes);
    return early ? (size_t)(early - bytes.ptr) : len_bytes;
}

static act_str_t behind(act_str_t bytes, size_t count)
{
    return act_str_of(bytes.ptr + count, bytes.len_bytes - count);
}

act_err_t act_sse_feed(act_sse_t *self, act_str_t bytes, act_sse_fn *fn, void *context)
{
    while (bytes.len_bytes > 0 && !self->is_too_large) {
        if (self->was_cr && bytes.ptr[0] == '\n')
            bytes = behind(bytes, 1);
        self->was_cr = false;
        size_t len_bytes = line_bytes(bytes);
        act_str_t line = act_str_of(bytes.ptr, len_bytes);
        if (len_bytes == bytes.len_bytes) {
            act_buf_add_str(&self->line, line);
            break;
        }
        self->was_cr = bytes.ptr[len_bytes] == '\r';
        bytes = behind(bytes, len_bytes + 1);
        if (self->line.len_bytes > 0)
            take_long_line(self, line, fn, context);
        else if (len_bytes > self->line.max_bytes)
            self->is_too_large = true;
        else
            take_line(self, line, fn, context);
    }
    keep_data(self);
    self->is_too_large = self->is_too_large || self->line.is_overflowed || self->data.is_overflowed;
    return self->is_too_large ? ACT_E_TOO_LARGE : ACT_E_OK;
}
