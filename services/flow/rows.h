// rows: what a call brought, as texts: rows of named columns. The first column is the row's id, the
// second its title. Rows live in an arena, and are never changed.
#pragma once
#include "base/arena.h"

typedef struct {
    const char *const *columns;
    uint32_t columns_count;
    const act_str_t *cells; // row by row
    uint32_t count;
} rows_t;

// Zeroed rows with `count` rows of the columns; *ret_cells are to be filled by the caller.
rows_t rows_new(act_arena_t *arena, const char *const *columns, uint32_t columns_count,
                uint32_t count, act_str_t **ret_cells);

act_str_t rows_cell(const rows_t *self, uint32_t row, uint32_t column);
// By the column's name; empty when there is none.
act_str_t rows_value(const rows_t *self, uint32_t row, act_str_t column);
