// buf: bounded growing byte buffer.
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAP_BYTES 256

void act_buf_init(act_buf_t *self, size_t max_bytes)
{
    *self = (act_buf_t){.max_bytes = max_bytes};
}

void act_buf_fini(act_buf_t *self)
{
    act_free(self->ptr);
    *self = (act_buf_t){.max_bytes = self->max_bytes};
}

void act_buf_reset(act_buf_t *self)
{
    self->len_bytes = 0;
    self->is_overflowed = false;
}

char *act_buf_reserve(act_buf_t *self, size_t len_bytes)
{
    if (self->is_overflowed || len_bytes > self->max_bytes - self->len_bytes) {
        self->is_overflowed = true;
        return NULL;
    }
    size_t need_bytes = self->len_bytes + len_bytes;
    if (!self->ptr || need_bytes > self->cap_bytes) {
        size_t cap_bytes = self->cap_bytes ? self->cap_bytes * 2 : FIRST_CAP_BYTES;
        while (cap_bytes < need_bytes)
            cap_bytes *= 2;
        self->ptr = act_realloc(self->ptr, cap_bytes);
        self->cap_bytes = cap_bytes;
    }
    return self->ptr + self->len_bytes;
}

void act_buf_add(act_buf_t *self, const void *data, size_t len_bytes)
{
    char *room = act_buf_reserve(self, len_bytes);
    if (!room || len_bytes == 0)
        return;
    memcpy(room, data, len_bytes);
    self->len_bytes += len_bytes;
}

void act_buf_add_str(act_buf_t *self, act_str_t text)
{
    act_buf_add(self, text.ptr, text.len_bytes);
}

void act_buf_add_char(act_buf_t *self, char c)
{
    act_buf_add(self, &c, 1);
}

void act_buf_printf(act_buf_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = len >= 0 ? act_buf_reserve(self, (size_t)len + 1) : NULL;
    if (room) {
        vsnprintf(room, (size_t)len + 1, format, again);
        self->len_bytes += (size_t)len;
    }
    va_end(again);
}

act_str_t act_buf_str(const act_buf_t *self)
{
    return act_str_of(self->ptr, self->len_bytes);
}

char *act_buf_take(act_buf_t *self, size_t *ret_len_bytes)
{
    *ret_len_bytes = self->len_bytes;
    char *ptr = act_take(&self->ptr);
    *self = (act_buf_t){.max_bytes = self->max_bytes};
    return ptr;
}
