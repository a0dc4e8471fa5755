// page: see page.h.
#include "page.h"

#define LIST_MAX_ROWS 10

page_t page_of(uint32_t rows_count, uint32_t page)
{
    uint32_t first = page * (LIST_MAX_ROWS - 1);
    if (first >= rows_count)
        first = 0;
    uint32_t left_count = rows_count - first;
    bool has_more = left_count > LIST_MAX_ROWS;
    return (page_t){first, has_more ? LIST_MAX_ROWS - 1 : left_count, has_more};
}
