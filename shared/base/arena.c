// arena: chunks in a list, newest first; each chunk is bumped until it is full.
#include "base/arena.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

// One webhook and its decoded form fit the first chunk; measured messages are 1-3 KiB.
#define FIRST_CHUNK_BYTES 8192

typedef struct chunk {
    struct chunk *next;
    size_t size_bytes;
    size_t used_bytes;
    _Alignas(max_align_t) char data[];
} chunk_t;

struct act_arena {
    chunk_t *chunks; // newest first; the last one is kept by reset
    size_t used_bytes;
};

static chunk_t *chunk_new(size_t size_bytes, chunk_t *next)
{
    chunk_t *chunk = act_realloc(NULL, sizeof *chunk + size_bytes);
    *chunk = (chunk_t){.next = next, .size_bytes = size_bytes};
    return chunk;
}

act_arena_t *act_arena_new(void)
{
    act_arena_t *self = act_alloc(sizeof *self);
    self->chunks = chunk_new(FIRST_CHUNK_BYTES, NULL);
    return self;
}

void act_arena_reset(act_arena_t *self)
{
    while (self->chunks->next) {
        chunk_t *next = self->chunks->next;
        act_free(self->chunks);
        self->chunks = next;
    }
    self->chunks->used_bytes = 0;
    self->used_bytes = 0;
}

void act_arena_destroy(act_arena_t **self_p)
{
    if (!*self_p)
        return;
    act_arena_reset(*self_p);
    act_free((*self_p)->chunks);
    act_free(act_take(self_p));
}

static void *arena_take(act_arena_t *self, size_t size_bytes)
{
    act_assert(size_bytes < SIZE_MAX / 2);
    size_t rounded = (size_bytes + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    chunk_t *chunk = self->chunks;
    if (chunk->size_bytes - chunk->used_bytes < rounded) {
        size_t grown = chunk->size_bytes * 2;
        chunk = chunk_new(grown > rounded ? grown : rounded, chunk);
        self->chunks = chunk;
    }
    void *ptr = chunk->data + chunk->used_bytes;
    chunk->used_bytes += rounded;
    self->used_bytes += rounded;
    return ptr;
}

void *act_arena_alloc(act_arena_t *self, size_t size_bytes)
{
    void *ptr = arena_take(self, size_bytes);
    memset(ptr, 0, size_bytes);
    return ptr;
}

void *act_arena_alloc_array(act_arena_t *self, size_t count, size_t item_bytes)
{
    size_t size_bytes = 0;
    act_assert(!__builtin_mul_overflow(count, item_bytes, &size_bytes));
    return act_arena_alloc(self, size_bytes);
}

act_str_t act_arena_str(act_arena_t *self, act_str_t text)
{
    char *copy = arena_take(self, text.len_bytes + 1);
    if (text.len_bytes > 0)
        memcpy(copy, text.ptr, text.len_bytes);
    copy[text.len_bytes] = '\0';
    return act_str_of(copy, text.len_bytes);
}

act_str_t act_arena_vprintf(act_arena_t *self, const char *format, va_list args)
{
    act_assert(format != NULL);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    act_assert(len >= 0);
    char *text = arena_take(self, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, args);
    return act_str_of(text, (size_t)len);
}

act_str_t act_arena_printf(act_arena_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    act_str_t text = act_arena_vprintf(self, format, args);
    va_end(args);
    return text;
}

size_t act_arena_used_bytes(const act_arena_t *self)
{
    return self->used_bytes;
}
