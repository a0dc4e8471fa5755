// page: how a long list is cut for lists of ten rows: nine and "more"; the last page has up to ten.
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t first; // index of its first row
    uint32_t count;
    bool has_more; // a row "more" follows
} page_t;

// A page past the end is the first one again.
page_t page_of(uint32_t rows_count, uint32_t page);
