// buf: a byte buffer that grows up to a limit. Writing past the limit is not an error at each call:
// the buffer is marked as overflowed, further writes are ignored, and the owner asks once at the end.
#pragma once
#include "base/mem.h"
#include "base/str.h"

typedef struct {
    char *ptr; // owned; NULL while empty
    size_t len_bytes;
    size_t cap_bytes;
    size_t max_bytes; // never grows past this
    bool is_overflowed;
} act_buf_t;

// Largest body of one bus message; also the default limit of a buffer.
#define ACT_BUF_DEFAULT_MAX_BYTES (4u << 20)

void act_buf_init(act_buf_t *self, size_t max_bytes);
void act_buf_fini(act_buf_t *self);

// Empties, keeps the memory.
void act_buf_reset(act_buf_t *self);

void act_buf_add(act_buf_t *self, const void *data, size_t len_bytes);
void act_buf_add_str(act_buf_t *self, act_str_t text);
void act_buf_add_char(act_buf_t *self, char c);
void act_buf_printf(act_buf_t *self, const char *format, ...) ACT_PRINTF(2, 3);

// Room for len_bytes more at the end, to be filled by the caller and then counted with
// self->len_bytes; NULL when that passes the limit.
char *act_buf_reserve(act_buf_t *self, size_t len_bytes);

// The content, borrowed until the next write.
act_str_t act_buf_str(const act_buf_t *self);

// Gives the memory away (for zero-copy sends) and leaves the buffer empty. The pointer is yours.
char *act_buf_take(act_buf_t *self, size_t *ret_len_bytes);
