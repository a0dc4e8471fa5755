// mem: allocation that cannot fail, scoped release, and moving ownership out of a variable.
// Out of memory is one of our bugs (every input has a limit), so it ends the actor cleanly.
#pragma once
#include <stddef.h>

// Zeroed memory, never NULL; yours, give it to act_free.
void *act_alloc(size_t size_bytes);
void *act_alloc_array(size_t count, size_t item_bytes);
void *act_realloc(void *ptr, size_t size_bytes);
char *act_strdup(const char *text);
void act_free(void *ptr);

// ACT_AUTO(act_arena) *arena = act_arena_new(...): destroyed when the scope ends.
#define ACT_AUTO(type) __attribute__((cleanup(type##_destroy), unused)) type##_t

// A char * that is freed when the scope ends.
#define ACT_AUTO_FREE __attribute__((cleanup(act_free_cleanup)))
void act_free_cleanup(void *ptr_p);

// Moves a pointer out of a variable and leaves NULL behind.
#define act_take(ptr_p) ((__typeof__(*(ptr_p)))act_take_pointer(ptr_p))
void *act_take_pointer(void *ptr_p);

#define ACT_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ACT_MUST_CHECK __attribute__((warn_unused_result))
#define ACT_PRINTF(format_index, first_index)                                                      \
    __attribute__((format(printf, format_index, first_index)))
