// preparation: see preparation.h.
#include "preparation.h"

#include "base/assert.h"
#include "bind.h"
#include "bind_value.h"

#include <string.h>

// What stands before the statements of the table; then two steps a query: prepare, describe. A listener's
// last step is behind them.
enum { STEP_SETTINGS, STEP_ROLE, STEP_CHECK_ROLE, STEP_CONTEXT, STEP_QUERIES };

struct preparation {
    bool is_listener;
    size_t step_at;
    preparation_progress_t progress;
};

preparation_t *preparation_new(bool is_listener)
{
    preparation_t *self = act_alloc(sizeof *self);
    self->is_listener = is_listener;
    return self;
}

void preparation_destroy(preparation_t **self_p)
{
    if (*self_p)
        act_free(act_take(self_p));
}

// --- sending -------------------------------------------------------------------------------------

static bool send_statement(PGconn *conn, const char *sql)
{
    return PQsendQueryParams(conn, sql, 0, NULL, NULL, NULL, NULL, /* resultFormat= */ 0) == 1;
}

static bool send_query(PGconn *conn, const query_t *query)
{
    Oid types[BIND_MAX_PARAMS];
    for (size_t i = 0; i < query->params_count; i++)
        types[i] = bind_type(query->params[i].kind);
    return PQsendPrepare(conn, query->name, query->sql, (int)query->params_count, types) == 1 &&
           PQsendDescribePrepared(conn, query->name) == 1;
}

bool preparation_send(preparation_t *self, PGconn *conn)
{
    self->step_at = 0;
    self->progress = PREPARATION_DONE;
    const Oid context_types[] = {bind_type(QUERY_TENANT), bind_type(QUERY_TEXT)};
    bool is_sent = send_statement(conn, query_sql_settings) &&
                   send_statement(conn, query_sql_use_app_role) &&
                   send_statement(conn, query_sql_check_role) &&
                   PQsendPrepare(conn, "set_context", query_sql_set_context, 2, context_types) == 1;
    for (size_t i = 0; is_sent && i < query_table_count; i++)
        is_sent = send_query(conn, &query_table[i]);
    if (is_sent && self->is_listener)
        is_sent = send_statement(conn, query_sql_listen);
    return is_sent && PQpipelineSync(conn) == 1;
}

// --- reading -------------------------------------------------------------------------------------

static void stop(preparation_t *self, preparation_progress_t progress)
{
    if (self->progress == PREPARATION_DONE)
        self->progress = progress;
}

static bool is_true(const PGresult *result, int column)
{
    return strcmp(PQgetvalue(result, 0, column), "t") == 0;
}

static void check_role(preparation_t *self, const PGresult *result, act_buf_t *error)
{
    static const char *const faults[] = {"is a superuser", "may bypass row-level security",
                                         "owns tables"};
    act_assert(PQntuples(result) == 1 && PQnfields(result) == 1 + (int)ACT_COUNT(faults));
    for (int i = 0; i < (int)ACT_COUNT(faults); i++) {
        if (!is_true(result, i + 1))
            continue;
        act_buf_printf(error,
                       "database role %s %s: it must not, tenants would see each other's rows",
                       PQgetvalue(result, 0, 0), faults[i]);
        stop(self, PREPARATION_REFUSED);
        return;
    }
}

static void check_columns(preparation_t *self, const query_t *query, const PGresult *result,
                          act_buf_t *error)
{
    bool has_rows = query->result != QUERY_RESULT_NONE;
    size_t columns_count = has_rows ? (size_t)PQnfields(result) : 0;
    bool is_fit = columns_count == query->columns_count + query->is_gathered;
    size_t at = 0;
    for (; is_fit && at < query->columns_count; at++) {
        const query_column_t *column = &query->columns[at];
        is_fit = act_str_eq(column->name, act_str(PQfname(result, (int)at))) &&
                 bind_is_readable(column->kind, PQftype(result, (int)at));
    }
    if (is_fit)
        return;
    act_buf_printf(error, "query %s: column %zu is not what the model says", query->name, at);
    stop(self, PREPARATION_REFUSED);
}

static const query_t *query_of(size_t step)
{
    size_t place = step >= STEP_QUERIES ? (step - STEP_QUERIES) / 2 : query_table_count;
    return place < query_table_count ? &query_table[place] : NULL;
}

static void read_step(preparation_t *self, const PGresult *result, act_buf_t *error)
{
    size_t step = self->step_at++;
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_ABORTED || self->progress != PREPARATION_DONE)
        return;
    const query_t *query = query_of(step);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        act_buf_printf(error, "cannot prepare %s: %s", query ? query->name : "the session",
                       text ? text : "connection lost");
        stop(self, PREPARATION_FAILED);
    } else if (step == STEP_CHECK_ROLE) {
        check_role(self, result, error);
    } else if (query && (step - STEP_QUERIES) % 2 == 1) {
        check_columns(self, query, result, error);
    }
}

preparation_progress_t preparation_read(preparation_t *self, PGconn *conn, act_buf_t *error)
{
    for (;;) {
        if (PQisBusy(conn))
            return PREPARATION_WAITS;
        PGresult *result = PQgetResult(conn);
        if (!result && PQstatus(conn) != CONNECTION_OK) {
            act_buf_add_str(error, ACT_STR("connection lost while preparing"));
            return PREPARATION_FAILED;
        }
        if (!result)
            continue;
        bool is_sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (!is_sync)
            read_step(self, result, error);
        PQclear(result);
        if (is_sync)
            return self->progress;
    }
}
