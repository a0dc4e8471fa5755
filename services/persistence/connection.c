// connection: a table of states and events; see connection.h.
#include "connection.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/id.h"
#include "base/time.h"
#include "batch.h"
#include "migrate.h"
#include "preparation.h"
#include "queue.h"
#include "sqlstate.h"

#include <stdio.h>
#include <string.h>

#define CONNECT_MAX_MS 5000
#define PREPARE_MAX_MS 10000
// The server ends a statement after 10 s by itself (schema/queries/session/settings.sql). Past this
// the link is dead.
#define BATCH_MAX_MS 15000
#define BACKOFF_MIN_MS 20
#define BACKOFF_MAX_MS 1000
#define TRIES_AFTER_LOSS_MAX_COUNT 3
// A connection that worked this long was a good one: its loss is the first of a row.
#define GOOD_AFTER_MS 1000
// An operation may be a thousand statements (a webhook with as many messages): a batch takes no
// more operations once it has this many, so that others do not wait too long for theirs.
#define BATCH_STATEMENTS_MAX_COUNT 256
#define SLOW_LOG_EVERY_MS 1000

typedef enum {
    STATE_NEW,        // not started
    STATE_BACKOFF,    // waits before it connects
    STATE_CONNECTING, // PQconnectPoll
    STATE_MIGRATING,  // about to migrate, in the next turn
    STATE_PREPARING,  // session and statements
    STATE_IDLE,
    STATE_BUSY, // a batch is under way
    STATES_COUNT,
} state_t;

typedef enum {
    EVENT_TIME,  // the state's time is up
    EVENT_READY, // the socket is readable or writable
    EVENT_WORK,  // something waits
    EVENTS_COUNT,
} event_t;

struct connection {
    connection_opts_t opts;
    state_t state;
    PGconn *conn;
    act_watch_t *watch;
    act_timer_t *state_timer;
    act_timer_t *work_timer;
    queue_t *waiting;
    queue_t *redo; // run alone, before anything else
    batch_t *batch;
    preparation_t *preparation;
    int64_t batch_sent_us;
    int64_t ready_at_ms;   // 0: not since the last loss
    uint32_t losses_count; // in a row
    bool needs_migration;
    int64_t slow_logged_ms;
};

static void handle(connection_t *self, event_t event);

// --- states and sockets --------------------------------------------------------------------------

static int64_t backoff_ms(const connection_t *self)
{
    uint32_t doublings_count = self->losses_count < 6 ? self->losses_count : 6;
    int64_t delay_ms = (int64_t)BACKOFF_MIN_MS << doublings_count;
    if (delay_ms > BACKOFF_MAX_MS)
        delay_ms = BACKOFF_MAX_MS;
    return delay_ms / 2 + (int64_t)(act_random_u64() % (uint64_t)(delay_ms / 2 + 1));
}

static bool is_usable_state(state_t state)
{
    return state == STATE_IDLE || state == STATE_BUSY;
}

// The only place that changes the state.
static void set_state(connection_t *self, state_t state)
{
    static const int64_t limits_ms[STATES_COUNT] = {
        [STATE_CONNECTING] = CONNECT_MAX_MS,
        [STATE_PREPARING] = PREPARE_MAX_MS,
        [STATE_BUSY] = BATCH_MAX_MS,
    };
    bool was_usable = is_usable_state(self->state);
    self->state = state;
    if (state == STATE_BACKOFF)
        act_timer_start(self->state_timer, backoff_ms(self), 0);
    else if (state == STATE_MIGRATING || limits_ms[state] > 0)
        act_timer_start(self->state_timer, limits_ms[state], 0);
    else
        act_timer_stop(self->state_timer);
    if (was_usable != is_usable_state(state))
        self->opts.hooks->on_usable(self->opts.context, self, !was_usable);
}

static void on_ready(void *context, int status, int events)
{
    (void)status; // an error shows when libpq reads
    (void)events;
    handle(context, EVENT_READY);
}

static void unwatch(connection_t *self)
{
    act_watch_destroy(&self->watch);
}

static void watch(connection_t *self, int events)
{
    if (!self->watch)
        self->watch = act_watch_new(self->opts.loop, PQsocket(self->conn), on_ready, self);
    act_watch_set(self->watch, events);
}

static void disconnect(connection_t *self)
{
    unwatch(self);
    if (self->conn)
        PQfinish(act_take(&self->conn));
}

// --- loss ----------------------------------------------------------------------------------------

// In flight when the connection went: committed or not, nobody knows.
static void give_back(connection_t *self)
{
    queue_t *again = queue_new(SIZE_MAX, SIZE_MAX);
    for (operation_t *o = batch_take(self->batch); o; o = batch_take(self->batch)) {
        if (operation_is_retry_safe(o) && operation_tries_count(o) <= TRIES_AFTER_LOSS_MAX_COUNT)
            act_assert(queue_push(again, &o) == ACT_E_OK);
        else
            operation_fail(&o, ACT_E_DATABASE, "connection lost, outcome unknown");
    }
    // What was to be run again before keeps its place behind these, which are older.
    for (operation_t *o = queue_pop(self->redo); o; o = queue_pop(self->redo))
        act_assert(queue_push(again, &o) == ACT_E_OK);
    queue_destroy(&self->redo);
    self->redo = again;
}

static void lose(connection_t *self, const char *why)
{
    if (self->ready_at_ms && act_time_mono_ms() - self->ready_at_ms > GOOD_AFTER_MS)
        self->losses_count = 0;
    self->ready_at_ms = 0;
    ACT_CRASH_POINT("persistence.lost");
    act_log_warn(self->opts.log, "database_lost", "why=%.200s,losses=%u", why, self->losses_count);
    disconnect(self);
    give_back(self);
    self->losses_count++;
    set_state(self, STATE_BACKOFF);
}

static void lose_with_error(connection_t *self)
{
    char why[160];
    const char *text = PQerrorMessage(self->conn);
    snprintf(why, sizeof why, "%.*s", (int)strcspn(text, "\n"), text);
    lose(self, why);
}

static void time_is_up(connection_t *self)
{
    static const char *const why[STATES_COUNT] = {
        [STATE_CONNECTING] = "no connection in time",
        [STATE_PREPARING] = "not prepared in time",
        [STATE_BUSY] = "no answer in time",
    };
    lose(self, why[self->state]);
}

// --- connecting ----------------------------------------------------------------------------------

static void poll_connection(connection_t *self)
{
    // libpq may close the socket and open another one under the same number.
    unwatch(self);
    switch (PQconnectPoll(self->conn)) {
    case PGRES_POLLING_READING:
        watch(self, UV_READABLE);
        return;
    case PGRES_POLLING_WRITING:
        watch(self, UV_WRITABLE);
        return;
    case PGRES_POLLING_OK:
        PQsetNoticeReceiver(self->conn, batch_notice, self->batch);
        set_state(self, STATE_MIGRATING);
        return;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        break;
    }
    lose_with_error(self);
}

// What stands before the conninfo is a default, what stands behind it is final.
static void connect_again(connection_t *self)
{
    const char *const names[] = {"keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "tcp_user_timeout",
                                 "dbname",
                                 "client_encoding",
                                 NULL};
    const char *const values[] = {"5", "2", "3", "10000", self->opts.conninfo, "UTF8", NULL};
    self->conn = PQconnectStartParams(names, values, /* expand_dbname= */ 1);
    act_assert(self->conn != NULL);
    if (PQstatus(self->conn) == CONNECTION_BAD) {
        lose_with_error(self);
        return;
    }
    set_state(self, STATE_CONNECTING);
    watch(self, UV_WRITABLE);
}

static void flush(connection_t *self);

static void migrate(connection_t *self)
{
    act_buf_t error;
    act_buf_init(&error, 4096);
    // Blocks, on purpose (migrate.h).
    act_err_t err =
        self->needs_migration ? migrate_run(self->conn, self->opts.log, &error) : ACT_E_OK;
    act_buf_add_char(&error, '\0');
    if (err == ACT_E_CONFIG) {
        self->opts.hooks->on_refused(self->opts.context, error.ptr);
    } else if (err != ACT_E_OK) {
        lose(self, error.ptr);
    } else if (PQsetnonblocking(self->conn, 1) != 0 || PQenterPipelineMode(self->conn) != 1 ||
               !preparation_send(self->preparation, self->conn)) {
        lose_with_error(self);
    } else {
        self->needs_migration = false;
        set_state(self, STATE_PREPARING);
        flush(self);
    }
    act_buf_fini(&error);
}

// --- working -------------------------------------------------------------------------------------

static void flush(connection_t *self)
{
    int left = PQflush(self->conn);
    if (left < 0)
        lose_with_error(self);
    else
        watch(self, left ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

// Fills the batch: with what must run alone, if anything must, else with what waits.
static bool fill_batch(connection_t *self)
{
    bool is_alone = queue_count(self->redo) > 0;
    queue_t *queue = is_alone ? self->redo : self->waiting;
    size_t statements_count = 0;
    while (!batch_is_full(self->batch) && statements_count < BATCH_STATEMENTS_MAX_COUNT) {
        operation_t *operation = queue_pop(queue);
        if (!operation)
            break;
        if (operation_is_cancelled(operation)) {
            operation_fail(&operation, ACT_E_CANCELLED, NULL);
            continue;
        }
        statements_count += operation_bind(operation)->rows_count;
        batch_add(self->batch, &operation);
    }
    return is_alone;
}

static void send_batch(connection_t *self)
{
    while (queue_count(self->redo) + queue_count(self->waiting) > 0) {
        bool is_alone = fill_batch(self);
        if (batch_count(self->batch) == 0)
            continue; // all of them were cancelled
        self->batch_sent_us = act_time_mono_us();
        set_state(self, STATE_BUSY);
        if (batch_send(self->batch, self->conn, is_alone))
            flush(self);
        else
            lose_with_error(self);
        ACT_CRASH_POINT("persistence.batch.sent");
        return;
    }
}

static void log_slow(connection_t *self, const query_t *query)
{
    int64_t now_us = act_time_mono_us();
    int64_t took_ms = (now_us - self->batch_sent_us) / 1000;
    if (took_ms <= query->budget_ms || now_us / 1000 - self->slow_logged_ms < SLOW_LOG_EVERY_MS)
        return;
    self->slow_logged_ms = now_us / 1000;
    act_log_warn(self->opts.log, "slow_query", "query=%s,took_ms=%lld,batch_count=%zu", query->name,
                 (long long)took_ms, batch_count(self->batch));
}

static void end_operation(void *context, operation_t **operation_p, const batch_verdict_t *verdict)
{
    connection_t *self = context;
    const query_t *query = operation_query(*operation_p);
    log_slow(self, query);
    if (verdict->end == BATCH_COMMITTED) {
        ACT_CRASH_POINT_OF("commit.done", query->name);
        operation_reply(operation_p);
    } else if (verdict->end == BATCH_AGAIN) {
        act_assert(queue_push(self->redo, operation_p) == ACT_E_OK);
    } else {
        char text[128];
        snprintf(text, sizeof text, "%s: %sSQLSTATE %s", query->name,
                 sqlstate_hint(verdict->sqlstate), verdict->sqlstate ? verdict->sqlstate : "none");
        act_log_warn(self->opts.log, "query_failed", "query=%s,sqlstate=%s,code=%s", query->name,
                     verdict->sqlstate ? verdict->sqlstate : "none", act_err_code(verdict->err));
        operation_fail(operation_p, verdict->err, text);
    }
}

static void hear(connection_t *self)
{
    for (PGnotify *said = PQnotifies(self->conn); said; said = PQnotifies(self->conn)) {
        self->opts.hooks->on_hint(self->opts.context, said->extra);
        PQfreemem(said);
    }
}

static void read_batch(connection_t *self)
{
    ACT_CRASH_POINT("persistence.batch.answered");
    if (PQconsumeInput(self->conn) != 1) {
        lose_with_error(self);
        return;
    }
    hear(self);
    switch (batch_read(self->batch, self->conn, end_operation, self)) {
    case BATCH_WAITS:
        flush(self);
        return;
    case BATCH_LOST:
        lose_with_error(self);
        return;
    case BATCH_DONE:
        break;
    }
    set_state(self, STATE_IDLE);
    send_batch(self);
}

static void read_preparation(connection_t *self)
{
    if (PQconsumeInput(self->conn) != 1) {
        lose_with_error(self);
        return;
    }
    act_buf_t error;
    act_buf_init(&error, 4096);
    preparation_progress_t progress = preparation_read(self->preparation, self->conn, &error);
    act_buf_add_char(&error, '\0');
    if (progress == PREPARATION_WAITS) {
        flush(self);
    } else if (progress == PREPARATION_REFUSED) {
        self->opts.hooks->on_refused(self->opts.context, error.ptr);
    } else if (progress == PREPARATION_FAILED) {
        self->needs_migration = self->opts.is_migrator;
        lose(self, error.ptr);
    } else {
        act_log_info(self->opts.log, "database_ready", "backend=%d", PQbackendPID(self->conn));
        self->ready_at_ms = act_time_mono_ms();
        ACT_CRASH_POINT("persistence.connected");
        set_state(self, STATE_IDLE);
        send_batch(self);
    }
    act_buf_fini(&error);
}

// No answer is expected: the server says goodbye, a notice or a hint.
static void read_idle(connection_t *self)
{
    if (PQconsumeInput(self->conn) != 1 || PQstatus(self->conn) != CONNECTION_OK)
        lose_with_error(self);
    else
        hear(self);
}

// --- the table -----------------------------------------------------------------------------------

typedef void step_fn(connection_t *self);

// An empty cell is an event that changes nothing in that state.
static step_fn *const steps[STATES_COUNT][EVENTS_COUNT] = {
    [STATE_BACKOFF] = {[EVENT_TIME] = connect_again},
    [STATE_CONNECTING] = {[EVENT_TIME] = time_is_up, [EVENT_READY] = poll_connection},
    [STATE_MIGRATING] = {[EVENT_TIME] = migrate},
    [STATE_PREPARING] = {[EVENT_TIME] = time_is_up, [EVENT_READY] = read_preparation},
    [STATE_IDLE] = {[EVENT_READY] = read_idle, [EVENT_WORK] = send_batch},
    [STATE_BUSY] = {[EVENT_TIME] = time_is_up, [EVENT_READY] = read_batch},
};

static void handle(connection_t *self, event_t event)
{
    if (steps[self->state][event])
        steps[self->state][event](self);
}

static void on_state_time(void *context)
{
    handle(context, EVENT_TIME);
}

static void on_work(void *context)
{
    handle(context, EVENT_WORK);
}

// --- public --------------------------------------------------------------------------------------

connection_t *connection_new(const connection_opts_t *opts)
{
    connection_t *self = act_alloc(sizeof *self);
    self->opts = *opts;
    self->needs_migration = opts->is_migrator;
    self->state_timer = act_timer_new(opts->loop, on_state_time, self);
    self->work_timer = act_timer_new(opts->loop, on_work, self);
    self->waiting = queue_new(opts->queue_max_count, opts->queue_max_bytes);
    self->redo = queue_new(SIZE_MAX, SIZE_MAX); // bounded by one batch and what is taken over
    self->batch = batch_new(opts->batch_max_count);
    self->preparation = preparation_new(opts->is_listener);
    return self;
}

void connection_destroy(connection_t **self_p)
{
    connection_t *self = *self_p;
    if (!self)
        return;
    disconnect(self);
    act_timer_destroy(&self->state_timer);
    act_timer_destroy(&self->work_timer);
    queue_destroy(&self->waiting);
    queue_destroy(&self->redo);
    batch_destroy(&self->batch);
    preparation_destroy(&self->preparation);
    act_free(act_take(self_p));
}

void connection_start(connection_t *self)
{
    if (self->state == STATE_NEW)
        connect_again(self);
}

bool connection_is_usable(const connection_t *self)
{
    return is_usable_state(self->state);
}

// At the end of the turn, so that calls that came in together share a batch.
static void ask_for_work(connection_t *self)
{
    if (self->state == STATE_IDLE && !act_timer_is_active(self->work_timer))
        act_timer_start(self->work_timer, 0, 0);
}

act_err_t connection_put(connection_t *self, operation_t **operation_p)
{
    act_err_t err = queue_push(self->waiting, operation_p);
    if (err == ACT_E_OK)
        ask_for_work(self);
    return err;
}

void connection_take_over(connection_t *self, connection_t *from)
{
    for (operation_t *o = queue_pop(from->redo); o; o = queue_pop(from->redo))
        act_assert(queue_push(self->redo, &o) == ACT_E_OK);
    for (operation_t *o = queue_pop(from->waiting); o; o = queue_pop(from->waiting))
        if (queue_push(self->waiting, &o) != ACT_E_OK)
            operation_fail(&o, ACT_E_OVERLOADED, NULL);
    ask_for_work(self);
}

static void fail_all(queue_t *queue, const char *text)
{
    for (operation_t *o = queue_pop(queue); o; o = queue_pop(queue))
        operation_fail(&o, ACT_E_DATABASE, text);
}

void connection_fail_waiting(connection_t *self, const char *text)
{
    fail_all(self->redo, text);
    fail_all(self->waiting, text);
}
