// query: the table of all statements, one row an rpc, made from schema/ and proto/persistence.proto
// by schema/gen/queries_gen.py. Adding a query is adding a file there; nothing here names one.
#pragma once
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

// How a value travels between msgpack and PostgreSQL. Parameters and columns are both binary.
typedef enum {
    QUERY_TEXT,        // text
    QUERY_INT,         // int8; columns also int2 and int4
    QUERY_BOOL,        // bool
    QUERY_DOUBLE,      // float8; columns also float4
    QUERY_BYTES,       // bytea
    QUERY_JSON,        // json, one message
    QUERY_JSONS,       // json, an array
    QUERY_TEXTS,       // text[]; parameters only
    QUERY_INTS,        // int8[]; parameters only
    QUERY_BOOLS,       // bool[]; parameters only
    QUERY_DOUBLES,     // float8[]; parameters only
    QUERY_BYTES_ARRAY, // bytea[]; parameters only
    QUERY_JSON_ARRAY,  // json[], of messages; parameters only
    QUERY_TENANT,      // text, from the call's header; parameters only
    QUERY_KINDS_COUNT,
} query_kind_t;

// What a request gives to a parameter.
typedef enum {
    QUERY_WHOLE,   // the value; gathered: an array, which stands behind those of the others
    QUERY_ELEMENT, // gathered: an element of the array
    QUERY_COUNT,   // gathered: the same, how many items the repeated field has
} query_part_t;

typedef struct {
    act_str_t name; // field of the item (is_item) or of the request
    query_kind_t kind;
    bool is_item;
    query_part_t part;
} query_param_t;

typedef struct {
    act_str_t name; // field of the item (is_item) or of the reply
    query_kind_t kind;
    bool is_item;
} query_column_t;

typedef struct {
    act_str_t name; // string field of the first item (is_item) or of the request
    bool is_item;
} query_key_t;

// What a statement does with a repeated field of the request.
typedef enum {
    QUERY_EACH,   // runs once an item
    QUERY_ARRAYS, // runs once; each field of the items is an array with an element an item
} query_items_as_t;

typedef enum { QUERY_RESULT_NONE, QUERY_RESULT_ONE, QUERY_RESULT_MANY } query_result_t;

typedef struct {
    const char *method; // as the rpc is called on the wire
    const char *name;   // the rpc in snake case: file, prepared statement, log
    const char *sql;    // with $1, $2, ...
    const query_param_t *params;
    size_t params_count;
    const query_column_t *columns;
    size_t columns_count;
    const query_key_t *keys; // the first that is not empty is the key; none: the header's key
    size_t keys_count;
    query_result_t result;
    act_str_t many;  // repeated field of the reply that rows fill (RESULT_MANY)
    act_str_t items; // that repeated field of the request, or empty
    query_items_as_t items_as;
    // The operations of a batch run as one statement: parameters are arrays for all of them, and
    // behind the columns stands whose row it is (int8, from 1). RESULT_ONE.
    bool is_gathered;
    bool is_system;        // sees all tenants' rows where a policy admits it
    int lock_order;        // place in a batch; see batch.h
    act_err_t missing_err; // RESULT_ONE without a row
    uint32_t budget_ms;
} query_t;

// In the order of the service's methods (persistence_service).
extern const query_t query_table[];
extern const size_t query_table_count;

// Migrations by number, functions by name; applied by migrate.
typedef struct {
    int number;
    const char *name;
    const char *checksum; // SHA-256, hex
    const char *sql;
} query_script_t;

extern const query_script_t query_migrations[];
extern const size_t query_migrations_count;
extern const query_script_t query_functions[];
extern const size_t query_functions_count;

// Statements of the actor itself: schema/queries/session/ and migrate/, one a file.
extern const char query_sql_settings[];
extern const char query_sql_listen[];
extern const char query_sql_use_app_role[];
extern const char query_sql_check_role[];
extern const char query_sql_set_context[];

extern const char query_sql_migrate_settings[];
extern const char query_sql_migrate_try_lock[];
extern const char query_sql_migrate_unlock[];
extern const char query_sql_migrate_roles[];
extern const char query_sql_migrate_use_role[];
extern const char query_sql_migrate_reset[];
extern const char query_sql_migrate_prepare[];
extern const char query_sql_migrate_list[];
extern const char query_sql_migrate_note[];
extern const char query_sql_migrate_begin[];
extern const char query_sql_migrate_commit[];
extern const char query_sql_migrate_rollback[];
