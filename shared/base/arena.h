// arena: memory of one message. Everything decoded for a message is allocated here and goes with it
// in one step; nothing is freed alone. Grows in chunks; what outlives the message is copied out.
#pragma once
#include "base/mem.h"
#include "base/str.h"

#include <stdarg.h>

typedef struct act_arena act_arena_t;

act_arena_t *act_arena_new(void);
void act_arena_destroy(act_arena_t **self_p);

// Forget everything, keep the first chunk for reuse.
void act_arena_reset(act_arena_t *self);

// Zeroed memory aligned for any type, valid until reset or destroy; never NULL.
void *act_arena_alloc(act_arena_t *self, size_t size_bytes);
void *act_arena_alloc_array(act_arena_t *self, size_t count, size_t item_bytes);

// Copies into the arena; the copy is also terminated with a NUL.
act_str_t act_arena_str(act_arena_t *self, act_str_t text);
act_str_t act_arena_printf(act_arena_t *self, const char *format, ...) ACT_PRINTF(2, 3);
act_str_t act_arena_vprintf(act_arena_t *self, const char *format, va_list args) ACT_PRINTF(2, 0);

// Bytes handed out since the last reset.
size_t act_arena_used_bytes(const act_arena_t *self);
