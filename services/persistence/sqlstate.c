// sqlstate: the first row whose prefix fits counts.
#include "sqlstate.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

typedef struct {
    const char *prefix;
    act_err_t err;
    const char *hint; // NULL: nothing that a caller could do about it
} sqlstate_row_t;

static const sqlstate_row_t sqlstate_rows[] = {
    {"22P02", ACT_E_INVALID_ARGUMENT, "an id or a number that is none: "},
    {"22003", ACT_E_INVALID_ARGUMENT, "a number that is too large: "},
    {"22007", ACT_E_INVALID_ARGUMENT, "a time that is none: "},
    {"22", ACT_E_INVALID_ARGUMENT, NULL}, // other data exceptions
    {"23503", ACT_E_NOT_FOUND, "what it belongs to is not there: "},
    {"23505", ACT_E_CONFLICT, "it is there already: "},
    {"23", ACT_E_INVALID_ARGUMENT, NULL}, // other constraints
    {"42501", ACT_E_FORBIDDEN, NULL},     // row-level security, missing grant
    {"42", ACT_E_INTERNAL, NULL},         // a statement that does not fit the schema
    {"54", ACT_E_TOO_LARGE, NULL},        // program limit exceeded
    {"", ACT_E_DATABASE, NULL},
};

static const char *const transient[] = {"40001", "40P01", "55P03"};

// The last row fits everything.
static const sqlstate_row_t *row_of(const char *sqlstate)
{
    const sqlstate_row_t *row = sqlstate_rows;
    while (!act_str_starts_with(act_str(sqlstate), row->prefix))
        row++;
    return row;
}

act_err_t sqlstate_err(const char *sqlstate)
{
    if (!sqlstate)
        return ACT_E_DATABASE;
    // P0 is PL/pgSQL's own class; ours begin with P1 to P5.
    int64_t number = 0;
    if (sqlstate[0] == 'P' && sqlstate[1] != '0' && act_str_to_int(act_str(sqlstate + 1), &number))
        return act_err_from_number((uint32_t)number);
    return row_of(sqlstate)->err;
}

const char *sqlstate_hint(const char *sqlstate)
{
    const char *hint = sqlstate ? row_of(sqlstate)->hint : NULL;
    return hint ? hint : "";
}

bool sqlstate_is_transient(const char *sqlstate)
{
    for (size_t i = 0; sqlstate && i < ACT_COUNT(transient); i++)
        if (strcmp(sqlstate, transient[i]) == 0)
            return true;
    return false;
}

bool sqlstate_is_not_durable(const char *sqlstate)
{
    return sqlstate && strcmp(sqlstate, "01000") == 0;
}
