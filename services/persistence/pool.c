// pool: see pool.h.
#include "pool.h"

#include "connection.h"

struct pool {
    pool_opts_t opts;
    connection_t **connections;
    size_t usable_count;
    size_t turn;             // of operations without a key
    act_timer_t *away_timer; // from the moment none works
    bool is_away;            // none has worked for away_max_ms
    bool was_ready;
};

// --- connections come and go ---------------------------------------------------------------------

static connection_t *usable_connection(const pool_t *self, size_t first)
{
    for (size_t i = 0; i < self->opts.connections_count; i++) {
        connection_t *connection = self->connections[(first + i) % self->opts.connections_count];
        if (connection_is_usable(connection))
            return connection;
    }
    return NULL;
}

// What waits at a lost connection does not wait for its return.
static void rebalance(pool_t *self)
{
    connection_t *usable = usable_connection(self, 0);
    for (size_t i = 0; usable && i < self->opts.connections_count; i++)
        if (!connection_is_usable(self->connections[i]))
            connection_take_over(usable, self->connections[i]);
}

static void start_all(pool_t *self)
{
    for (size_t i = 0; i < self->opts.connections_count; i++)
        connection_start(self->connections[i]);
}

static void on_usable(void *context, connection_t *connection, bool is_usable)
{
    pool_t *self = context;
    (void)connection;
    if (is_usable)
        self->usable_count++;
    else
        self->usable_count--;
    if (self->usable_count == 0) {
        act_timer_start(self->away_timer, self->opts.away_max_ms, 0);
        return;
    }
    act_timer_stop(self->away_timer);
    self->is_away = false;
    if (!self->was_ready) {
        self->was_ready = true;
        start_all(self);
        self->opts.on_ready(self->opts.context);
    }
    rebalance(self);
}

static void on_refused(void *context, const char *text)
{
    pool_t *self = context;
    self->opts.on_refused(self->opts.context, text);
}

static void on_hint(void *context, const char *text)
{
    pool_t *self = context;
    self->opts.on_hint(self->opts.context, text);
}

static void on_away(void *context)
{
    pool_t *self = context;
    self->is_away = true;
    for (size_t i = 0; i < self->opts.connections_count; i++)
        connection_fail_waiting(self->connections[i], "database is away");
}

// --- public --------------------------------------------------------------------------------------

static connection_t *new_connection(pool_t *self, bool is_first)
{
    static const connection_hooks_t hooks = {on_usable, on_refused, on_hint};
    return connection_new(&(connection_opts_t){
        .loop = self->opts.loop,
        .log = self->opts.log,
        .conninfo = self->opts.conninfo,
        .batch_max_count = self->opts.batch_max_count,
        .queue_max_count = self->opts.queue_max_count,
        .queue_max_bytes = self->opts.queue_max_bytes,
        .is_migrator = is_first,
        .is_listener = is_first && self->opts.on_hint,
        .hooks = &hooks,
        .context = self,
    });
}

pool_t *pool_new(const pool_opts_t *opts)
{
    pool_t *self = act_alloc(sizeof *self);
    self->opts = *opts;
    self->away_timer = act_timer_new(opts->loop, on_away, self);
    self->connections = act_alloc_array(opts->connections_count, sizeof(connection_t *));
    for (size_t i = 0; i < opts->connections_count; i++)
        self->connections[i] = new_connection(self, /* is_first= */ i == 0);
    act_timer_start(self->away_timer, opts->away_max_ms, 0);
    connection_start(self->connections[0]);
    return self;
}

void pool_destroy(pool_t **self_p)
{
    pool_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->opts.connections_count; i++)
        connection_destroy(&self->connections[i]);
    act_free(self->connections);
    act_timer_destroy(&self->away_timer);
    act_free(act_take(self_p));
}

static size_t place_of(pool_t *self, const operation_t *operation)
{
    act_str_t key = operation_key(operation);
    if (act_str_empty(key))
        return self->turn++ % self->opts.connections_count;
    uint64_t hash = act_str_hash(key, act_str_hash(operation_tenant(operation), 0));
    return (size_t)(hash % self->opts.connections_count);
}

void pool_put(pool_t *self, operation_t **operation_p)
{
    size_t place = place_of(self, *operation_p);
    connection_t *connection = usable_connection(self, place);
    if (!connection && self->is_away) {
        operation_fail(operation_p, ACT_E_DATABASE, "database is away");
        return;
    }
    if (!connection)
        connection = self->connections[place];
    if (connection_put(connection, operation_p) != ACT_E_OK)
        operation_fail(operation_p, self->usable_count ? ACT_E_OVERLOADED : ACT_E_DATABASE,
                       "too many operations wait for the database");
}
