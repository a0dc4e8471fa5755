// mem: allocation that cannot fail.
#include "base/mem.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

void *act_alloc(size_t size_bytes)
{
    return act_alloc_array(1, size_bytes);
}

void *act_alloc_array(size_t count, size_t item_bytes)
{
    void *ptr = calloc(count ? count : 1, item_bytes ? item_bytes : 1);
    act_assert(ptr != NULL);
    return ptr;
}

void *act_realloc(void *ptr, size_t size_bytes)
{
    void *grown = realloc(ptr, size_bytes ? size_bytes : 1);
    act_assert(grown != NULL);
    return grown;
}

char *act_strdup(const char *text)
{
    char *copy = strdup(text);
    act_assert(copy != NULL);
    return copy;
}

void act_free(void *ptr)
{
    free(ptr);
}

void act_free_cleanup(void *ptr_p)
{
    act_free(act_take_pointer(ptr_p));
}

void *act_take_pointer(void *ptr_p)
{
    void *ptr = NULL;
    memcpy(&ptr, ptr_p, sizeof ptr);
    memset(ptr_p, 0, sizeof ptr);
    return ptr;
}
