// persistence: see persistence.h.
#include "persistence.h"

#include "base/assert.h"
#include "hint.h"
#include "pool.h"
#include "proto/persistence_service.h"

#include <string.h>

#define AWAY_MAX_MS 1000
#define QUEUE_MAX_BYTES (32u << 20)

typedef struct {
    act_actor_t *actor;
    pool_t *pool;
} persistence_t;

static const act_config_row_t settings[] = {
    {"database_url", "DATABASE_URL", ACT_CONFIG_TEXT, NULL, 0, 0,
     "postgresql://parley@db.example/parley", "PostgreSQL to use, as a URL or as keywords", true},
    {"connections_count", "PARLEY_DB_CONNECTIONS", ACT_CONFIG_INT, "2", 1, 64, "4",
     "connections to the database, of each instance", false},
    {"batch_max_count", "PARLEY_DB_BATCH", ACT_CONFIG_INT, "64", 1, 1000, "64",
     "most operations in one transaction", false},
    {"queue_max_count", "PARLEY_DB_QUEUE", ACT_CONFIG_INT, "2000", 1, 1000000, "2000",
     "most operations that wait for one connection; more are refused as overloaded", false},
    {0},
};

// --- the owner of an operation is the call -------------------------------------------------------

static void reply(void *context, const act_buf_t *body)
{
    act_call_t *call = context;
    act_call_reply(&call, body);
}

static void fail(void *context, act_err_t err, const char *text)
{
    act_call_t *call = context;
    act_call_fail(&call, err, text);
}

static bool is_cancelled(void *context)
{
    act_call_t *call = context;
    return act_call_is_cancelled(call) || act_call_left_ms(call) == 0;
}

static const operation_owner_t call_owner = {reply, fail, is_cancelled};

static const query_t *query_of(const act_method_t *method)
{
    size_t place = (size_t)(method - persistence_service.methods);
    act_assert(place < query_table_count);
    return &query_table[place];
}

static void dispatch(void *context, act_call_t *call, act_str_t body)
{
    persistence_t *self = context;
    const act_header_t *header = act_call_header(call);
    const act_method_t *method = act_call_method(call);
    const query_t *query = query_of(method);
    if (!query->is_system && act_str_empty(header->tenant)) {
        act_call_fail(&call, ACT_E_INVALID_ARGUMENT, "no tenant in the header");
        return;
    }
    operation_t *operation = NULL;
    act_err_t err = operation_new(
        &(operation_opts_t){
            .query = query,
            .tenant = header->tenant,
            .key = header->key,
            .body = body,
            .is_retry_safe = (method->flags & ACT_FLAG_RETRY_SAFE) != 0,
            .arena = act_call_arena(call),
            .owner = &call_owner,
            .context = call,
        },
        &operation);
    if (err == ACT_E_OK)
        pool_put(self->pool, &operation);
    else
        act_call_fail(&call, err, NULL);
}

// --- life ----------------------------------------------------------------------------------------

static void on_ready(void *context)
{
    persistence_t *self = context;
    act_actor_set_ready(self->actor);
}

// A login that may do too much, or a database that was tampered with: working would be worse than
// not starting, and trying again changes nothing.
static void on_refused(void *context, const char *text)
{
    persistence_t *self = context;
    act_actor_fail(self->actor, text);
}

static void on_hint(void *context, const char *text)
{
    persistence_t *self = context;
    if (!hint_send(self->actor, act_str(text)))
        act_log_warn(act_actor_log(self->actor), "hint_unknown", "text=%.80s", text);
}

static void check_table(void)
{
    act_assert(query_table_count == persistence_service.methods_count);
    for (size_t i = 0; i < query_table_count; i++)
        act_assert(strcmp(query_table[i].method, persistence_service.methods[i].name) == 0);
}

static act_err_t open_persistence(void *context, act_actor_t *actor)
{
    persistence_t *self = context;
    const act_config_t *config = act_actor_config(actor);
    check_table();
    self->actor = actor;
    act_actor_defer_ready(actor);
    self->pool = pool_new(&(pool_opts_t){
        .loop = act_actor_loop(actor),
        .log = act_actor_log(actor),
        .conninfo = act_config_text(config, "database_url"),
        .connections_count = (size_t)act_config_int(config, "connections_count"),
        .batch_max_count = (size_t)act_config_int(config, "batch_max_count"),
        .queue_max_count = (size_t)act_config_int(config, "queue_max_count"),
        .queue_max_bytes = QUEUE_MAX_BYTES,
        .away_max_ms = AWAY_MAX_MS,
        .on_ready = on_ready,
        .on_refused = on_refused,
        .on_hint = on_hint,
        .context = self,
    });
    return ACT_E_OK;
}

static void close_persistence(void *context)
{
    persistence_t *self = context;
    pool_destroy(&self->pool);
}

const act_spec_t persistence_spec = {
    .name = "persistence",
    .service = &persistence_service,
    .dispatch = dispatch,
    .config = settings,
    .credit_messages = 1024, // batches live from what waits: many callers, one commit
    .credit_bytes = 32u << 20,
    .self_size_bytes = sizeof(persistence_t),
    .open = open_persistence,
    .close = close_persistence,
};
