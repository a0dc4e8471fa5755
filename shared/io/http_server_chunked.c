// http_server_chunked: a machine with one function a phase (RFC 9112, section 7.1). Chunk data is
// copied in one piece, the framing is read byte by byte.
#include "io/http_server_chunked.h"

// A chunk of 8 digits is already beyond any limit; more digits would only serve to overflow.
#define DIGITS_MAX_COUNT 8

typedef enum {
    PHASE_SIZE,
    PHASE_EXTENSION,
    PHASE_SIZE_LF,
    PHASE_DATA,
    PHASE_DATA_CR,
    PHASE_DATA_LF,
    PHASE_TRAILER_START,
    PHASE_TRAILER,
    PHASE_TRAILER_LF,
    PHASE_END_LF,
    PHASE_DONE,
    PHASE_BAD,
} phase_t;

typedef phase_t step_fn(act_http_chunked_t *self, char c);

static phase_t read_size(act_http_chunked_t *self, char c)
{
    char lower = (char)(c | 0x20);
    unsigned digit = 16;
    if (c >= '0' && c <= '9')
        digit = (unsigned)(c - '0');
    else if (lower >= 'a' && lower <= 'f')
        digit = (unsigned)(lower - 'a') + 10;
    if (digit < 16) {
        if (self->digits_count++ == DIGITS_MAX_COUNT)
            return PHASE_BAD;
        self->left_bytes = self->left_bytes << 4 | digit;
        return PHASE_SIZE;
    }
    if (self->digits_count == 0)
        return PHASE_BAD;
    if (c == ';')
        return PHASE_EXTENSION;
    return c == '\r' ? PHASE_SIZE_LF : PHASE_BAD;
}

static bool is_text(char c)
{
    return c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f);
}

static bool takes_extra(act_http_chunked_t *self, char c)
{
    return is_text(c) && ++self->extra_bytes <= ACT_HTTP_CHUNKED_EXTRA_MAX_BYTES;
}

static phase_t skip_extension(act_http_chunked_t *self, char c)
{
    if (c == '\r')
        return PHASE_SIZE_LF;
    return takes_extra(self, c) ? PHASE_EXTENSION : PHASE_BAD;
}

static phase_t end_size(act_http_chunked_t *self, char c)
{
    if (c != '\n')
        return PHASE_BAD;
    self->digits_count = 0;
    return self->left_bytes > 0 ? PHASE_DATA : PHASE_TRAILER_START;
}

static phase_t end_data_cr(act_http_chunked_t *self, char c)
{
    (void)self;
    return c == '\r' ? PHASE_DATA_LF : PHASE_BAD;
}

static phase_t end_data_lf(act_http_chunked_t *self, char c)
{
    (void)self;
    return c == '\n' ? PHASE_SIZE : PHASE_BAD;
}

static phase_t skip_trailer(act_http_chunked_t *self, char c)
{
    if (c == '\r')
        return PHASE_TRAILER_LF;
    return takes_extra(self, c) ? PHASE_TRAILER : PHASE_BAD;
}

static phase_t start_trailer(act_http_chunked_t *self, char c)
{
    return c == '\r' ? PHASE_END_LF : skip_trailer(self, c);
}

static phase_t end_trailer(act_http_chunked_t *self, char c)
{
    (void)self;
    return c == '\n' ? PHASE_TRAILER_START : PHASE_BAD;
}

static phase_t end_body(act_http_chunked_t *self, char c)
{
    (void)self;
    return c == '\n' ? PHASE_DONE : PHASE_BAD;
}

static step_fn *const steps[] = {
    [PHASE_SIZE] = read_size,       [PHASE_EXTENSION] = skip_extension,
    [PHASE_SIZE_LF] = end_size,     [PHASE_DATA_CR] = end_data_cr,
    [PHASE_DATA_LF] = end_data_lf,  [PHASE_TRAILER_START] = start_trailer,
    [PHASE_TRAILER] = skip_trailer, [PHASE_TRAILER_LF] = end_trailer,
    [PHASE_END_LF] = end_body,
};

void act_http_chunked_init(act_http_chunked_t *self)
{
    *self = (act_http_chunked_t){.phase = PHASE_SIZE};
}

// Copies what is there of the current chunk.
static size_t copy_data(act_http_chunked_t *self, act_str_t bytes, act_buf_t *body)
{
    size_t len_bytes =
        self->left_bytes < bytes.len_bytes ? (size_t)self->left_bytes : bytes.len_bytes;
    act_buf_add(body, bytes.ptr, len_bytes);
    self->left_bytes -= len_bytes;
    if (self->left_bytes == 0)
        self->phase = PHASE_DATA_CR;
    return len_bytes;
}

// Known as soon as the size line is complete; the data need not arrive first.
static bool is_too_large(const act_http_chunked_t *self, const act_buf_t *body)
{
    return self->phase == PHASE_DATA && self->left_bytes > body->max_bytes - body->len_bytes;
}

act_http_chunked_result_t act_http_chunked_feed(act_http_chunked_t *self, act_str_t bytes,
                                                act_buf_t *body, size_t *ret_used_bytes)
{
    size_t at = 0;
    while (at < bytes.len_bytes && self->phase < PHASE_DONE) {
        if (self->phase == PHASE_DATA)
            at += copy_data(self, act_str_of(bytes.ptr + at, bytes.len_bytes - at), body);
        else
            self->phase = (uint8_t)steps[self->phase](self, bytes.ptr[at++]);
        if (is_too_large(self, body))
            return ACT_HTTP_CHUNKED_TOO_LARGE;
    }
    *ret_used_bytes = at;
    if (self->phase == PHASE_BAD)
        return ACT_HTTP_CHUNKED_BAD;
    return self->phase == PHASE_DONE ? ACT_HTTP_CHUNKED_DONE : ACT_HTTP_CHUNKED_MORE;
}
