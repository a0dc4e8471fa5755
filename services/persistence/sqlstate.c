// sqlstate: the first row whose prefix fits counts.
#include "sqlstate.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

typedef struct {
    const char *prefix;
    act_err_t err;
} sqlstate_row_t;

static const sqlstate_row_t sqlstate_rows[] = {
    {"22", ACT_E_INVALID_ARGUMENT}, // data exception: a number, id or time zone that is none
    {"23503", ACT_E_NOT_FOUND},     // foreign key
    {"23505", ACT_E_CONFLICT},      // unique key
    {"23", ACT_E_INVALID_ARGUMENT}, // other constraints
    {"42501", ACT_E_FORBIDDEN},     // row-level security, missing grant
    {"42", ACT_E_INTERNAL},         // a statement that does not fit the schema
    {"54", ACT_E_TOO_LARGE},        // program limit exceeded
    {"", ACT_E_DATABASE},
};

static const char *const transient[] = {"40001", "40P01", "55P03"};

act_err_t sqlstate_err(const char *sqlstate)
{
    if (!sqlstate)
        return ACT_E_DATABASE;
    // P0 is PL/pgSQL's own class; ours begin with P1 to P5.
    int64_t number = 0;
    if (sqlstate[0] == 'P' && sqlstate[1] != '0' && act_str_to_int(act_str(sqlstate + 1), &number))
        return act_err_from_number((uint32_t)number);
    for (size_t i = 0; i < ACT_COUNT(sqlstate_rows); i++)
        if (act_str_starts_with(act_str(sqlstate), sqlstate_rows[i].prefix))
            return sqlstate_rows[i].err;
    return ACT_E_DATABASE;
}

const char *sqlstate_hint(const char *sqlstate)
{
    static const struct {
        const char *sqlstate;
        const char *hint;
    } rows[] = {
        {"22P02", "an id or a number that is none: "},
        {"22003", "a number that is too large: "},
        {"22007", "a time that is none: "},
        {"23503", "what it belongs to is not there: "},
        {"23505", "it is there already: "},
    };
    for (size_t i = 0; sqlstate && i < ACT_COUNT(rows); i++)
        if (strcmp(sqlstate, rows[i].sqlstate) == 0)
            return rows[i].hint;
    return "";
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
