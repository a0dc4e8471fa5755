// rows: a matrix of texts.
#include "rows.h"

#include "base/assert.h"

rows_t rows_new(act_arena_t *arena, const char *const *columns, uint32_t columns_count,
                uint32_t count, act_str_t **ret_cells)
{
    *ret_cells = act_arena_alloc_array(arena, (size_t)count * columns_count + 1, sizeof(act_str_t));
    return (rows_t){columns, columns_count, *ret_cells, count};
}

act_str_t rows_cell(const rows_t *self, uint32_t row, uint32_t column)
{
    act_assert(row < self->count && column < self->columns_count);
    return self->cells[(size_t)row * self->columns_count + column];
}

act_str_t rows_value(const rows_t *self, uint32_t row, act_str_t column)
{
    for (uint32_t i = 0; i < self->columns_count; i++)
        if (act_str_is(column, self->columns[i]))
            return rows_cell(self, row, i);
    return (act_str_t){0};
}
