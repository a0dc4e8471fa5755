// migrate: see migrate.h.
#include "migrate.h"

#include "base/mem.h"
#include "query.h"

#include <string.h>

typedef struct {
    PGconn *conn;
    act_log_t *log; // may be NULL
    act_buf_t *error;
    PGresult *applied; // kind, name, checksum
} migrate_t;

// What went wrong with a script, once; errors of the world are worth another try, others are not.
static act_err_t fail(migrate_t *self, const char *what, const PGresult *result)
{
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    act_buf_printf(self->error, "%s: %s", what, text ? text : "connection lost");
    bool is_world = !sqlstate || strncmp(sqlstate, "08", 2) == 0 ||
                    strncmp(sqlstate, "40", 2) == 0 || strncmp(sqlstate, "53", 2) == 0 ||
                    strncmp(sqlstate, "55", 2) == 0 || strncmp(sqlstate, "57", 2) == 0;
    return is_world ? ACT_E_DATABASE : ACT_E_CONFIG;
}

static act_err_t run(migrate_t *self, const char *what, const char *sql)
{
    PGresult *result = PQexec(self->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    act_err_t err = ACT_E_OK;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        err = fail(self, what, result);
    PQclear(result);
    return err;
}

static act_err_t note(migrate_t *self, const char *kind, const query_script_t *script)
{
    const char *values[] = {kind, script->name, script->checksum};
    PGresult *result =
        PQexecParams(self->conn, query_sql_migrate_note, 3, NULL, values, NULL, NULL, 0);
    act_err_t err =
        PQresultStatus(result) == PGRES_COMMAND_OK ? ACT_E_OK : fail(self, script->name, result);
    PQclear(result);
    return err;
}

// The checksum a script was applied with, or NULL.
static const char *applied_checksum(const migrate_t *self, const char *kind, const char *name)
{
    for (int row = 0; row < PQntuples(self->applied); row++)
        if (strcmp(PQgetvalue(self->applied, row, 0), kind) == 0 &&
            strcmp(PQgetvalue(self->applied, row, 1), name) == 0)
            return PQgetvalue(self->applied, row, 2);
    return NULL;
}

static act_err_t apply(migrate_t *self, const char *kind, const query_script_t *script)
{
    act_err_t err = run(self, script->name, script->sql);
    if (err == ACT_E_OK)
        err = note(self, kind, script);
    if (err == ACT_E_OK && self->log)
        act_log_info(self->log, "schema_applied", "kind=%s,name=%s", kind, script->name);
    return err;
}

static act_err_t end_transaction(migrate_t *self, act_err_t err)
{
    if (err == ACT_E_OK)
        return run(self, "commit", query_sql_migrate_commit);
    PQclear(PQexec(self->conn, query_sql_migrate_rollback));
    return err;
}

// Each in a transaction of its own.
static act_err_t apply_migrations(migrate_t *self)
{
    for (size_t i = 0; i < query_migrations_count; i++) {
        const query_script_t *script = &query_migrations[i];
        const char *checksum = applied_checksum(self, "migration", script->name);
        if (checksum && strcmp(checksum, script->checksum) == 0)
            continue;
        if (checksum) {
            act_buf_printf(self->error, "migration %s was edited after it had been applied",
                           script->name);
            return ACT_E_CONFIG;
        }
        act_err_t err = run(self, script->name, query_sql_migrate_begin);
        if (err == ACT_E_OK)
            err = end_transaction(self, apply(self, "migration", script));
        if (err != ACT_E_OK)
            return err;
    }
    return ACT_E_OK;
}

// A newer version has been here: its migrations come with functions that this one must leave alone.
static bool is_newer(const migrate_t *self)
{
    size_t migrations_count = 0;
    for (int row = 0; row < PQntuples(self->applied); row++)
        if (strcmp(PQgetvalue(self->applied, row, 0), "migration") == 0)
            migrations_count++;
    return migrations_count > query_migrations_count;
}

// All in one transaction: others that work on this database see the old ones or the new ones.
static act_err_t apply_functions(migrate_t *self)
{
    if (is_newer(self))
        return ACT_E_OK;
    act_err_t err = run(self, "functions", query_sql_migrate_begin);
    if (err != ACT_E_OK)
        return err;
    for (size_t i = 0; err == ACT_E_OK && i < query_functions_count; i++) {
        const query_script_t *script = &query_functions[i];
        const char *checksum = applied_checksum(self, "function", script->name);
        if (!checksum || strcmp(checksum, script->checksum) != 0)
            err = apply(self, "function", script);
    }
    return end_transaction(self, err);
}

static act_err_t apply_all(migrate_t *self)
{
    act_err_t err = run(self, "database roles", query_sql_migrate_roles);
    if (err == ACT_E_OK)
        err = run(self, "database roles", query_sql_migrate_use_role);
    if (err == ACT_E_OK)
        err = run(self, "database schema", query_sql_migrate_prepare);
    if (err != ACT_E_OK)
        return err;
    self->applied = PQexec(self->conn, query_sql_migrate_list);
    if (PQresultStatus(self->applied) != PGRES_TUPLES_OK)
        err = fail(self, "database schema", self->applied);
    if (err == ACT_E_OK)
        err = apply_migrations(self);
    if (err == ACT_E_OK)
        err = apply_functions(self);
    PQclear(self->applied);
    if (err == ACT_E_OK)
        err = run(self, "database roles", query_sql_migrate_reset);
    return err;
}

act_err_t migrate_run(PGconn *conn, act_log_t *log, act_buf_t *error)
{
    migrate_t self = {.conn = conn, .log = log, .error = error};
    act_err_t err = run(&self, "database settings", query_sql_migrate_settings);
    if (err != ACT_E_OK)
        return err;
    PGresult *lock = PQexec(conn, query_sql_migrate_try_lock);
    if (PQresultStatus(lock) != PGRES_TUPLES_OK)
        err = fail(&self, "database lock", lock);
    else if (strcmp(PQgetvalue(lock, 0, 0), "t") != 0)
        err = ACT_E_UNAVAILABLE;
    PQclear(lock);
    if (err == ACT_E_UNAVAILABLE)
        act_buf_add_str(error, ACT_STR("another instance is migrating the database"));
    if (err != ACT_E_OK)
        return err;
    err = apply_all(&self);
    // After a failure the lock goes with the connection, which the caller drops.
    return err == ACT_E_OK ? run(&self, "database lock", query_sql_migrate_unlock) : err;
}
