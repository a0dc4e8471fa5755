// err: lookups in the generated list.
#include "base/err.h"

#include <stddef.h>

typedef struct {
    act_err_t err;
    const char *code;
    const char *text;
    const char *customer;
    bool is_retryable;
} row_t;

static const row_t rows[] = {{ACT_E_OK, "OK", "success", "", false},
#define X(name, number, code, is_retryable, text, customer)                                        \
    {ACT_E_##name, code, text, customer, is_retryable},
                             ACT_ERRORS(X)
#undef X
};

static const row_t *find_row(uint32_t number)
{
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if ((uint32_t)rows[i].err == number)
            return &rows[i];
    return NULL;
}

static const row_t *known_row(act_err_t err)
{
    const row_t *row = find_row((uint32_t)err);
    return row ? row : find_row(ACT_E_INTERNAL);
}

const char *act_err_code(act_err_t err)
{
    return known_row(err)->code;
}

const char *act_err_text(act_err_t err)
{
    return known_row(err)->text;
}

const char *act_err_customer_text(act_err_t err)
{
    return known_row(err)->customer;
}

bool act_err_is_retryable(act_err_t err)
{
    return known_row(err)->is_retryable;
}

act_err_t act_err_from_number(uint32_t number)
{
    const row_t *row = find_row(number);
    return row ? row->err : ACT_E_INTERNAL;
}
