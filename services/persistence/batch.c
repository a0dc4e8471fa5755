// batch: see batch.h.
#include "batch.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "sqlstate.h"

#include <stdlib.h>
#include <string.h>

// One try and three more: enough for a deadlock or two, not for a row that is always locked.
#define TRIES_MAX_COUNT 4
// Most operations of one gathered statement, in number and in what they were asked with.
#define GATHER_MAX_COUNT 32
#define GATHER_MAX_BYTES (256u << 10)

typedef struct {
    operation_t *operation; // NULL once it has ended
    size_t position;        // of arrival
    size_t gathered_count;  // operations of its statement; 0: of the statement of one before it
    size_t steps_count;     // statements: context and rows
    bool has_context;
    act_err_t err; // rows that could not be read, or one of the statements
} entry_t;

struct batch {
    entry_t *entries;
    size_t count;
    size_t max_count;
    bool is_alone;
    // Reading: which entry and statement the next result belongs to, and the transaction around it.
    size_t entry_at;
    size_t step_at;
    size_t segment_at; // first entry of the transaction
    size_t taken;      // by batch_take
    bool is_doubtful;  // a notice said that the commit is not durable
    bool is_failed;
    char sqlstate[8]; // of the first failure in the transaction; "" when none was given
};

batch_t *batch_new(size_t max_count)
{
    batch_t *self = act_alloc(sizeof *self);
    self->entries = act_alloc_array(max_count, sizeof *self->entries);
    self->max_count = max_count;
    return self;
}

void batch_destroy(batch_t **self_p)
{
    batch_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        operation_destroy(&self->entries[i].operation);
    act_free(self->entries);
    act_free(act_take(self_p));
}

bool batch_is_full(const batch_t *self)
{
    return self->count == self->max_count;
}

size_t batch_count(const batch_t *self)
{
    return self->count;
}

void batch_add(batch_t *self, operation_t **operation_p)
{
    act_assert(self->count < self->max_count);
    self->entries[self->count] =
        (entry_t){.operation = act_take(operation_p), .position = self->count};
    self->count++;
}

static void clear(batch_t *self)
{
    self->count = 0;
    self->taken = 0;
    self->entry_at = 0;
    self->step_at = 0;
    self->segment_at = 0;
}

static void begin_segment(batch_t *self, size_t first_entry)
{
    self->segment_at = first_entry;
    self->is_doubtful = false;
    self->is_failed = false;
    self->sqlstate[0] = '\0';
}

// --- sending -------------------------------------------------------------------------------------

static int compare_entries(const void *a, const void *b)
{
    const entry_t *left = a;
    const entry_t *right = b;
    int order = operation_compare(left->operation, right->operation);
    return order ? order : (left->position > right->position) - (left->position < right->position);
}

static bool is_same_context(const operation_t *a, const operation_t *b)
{
    return operation_query(a)->is_system == operation_query(b)->is_system &&
           act_str_eq(operation_tenant(a), operation_tenant(b));
}

static bool send_context(PGconn *conn, const operation_t *operation)
{
    act_str_t tenant = operation_tenant(operation);
    bool is_system = operation_query(operation)->is_system;
    const char *values[] = {tenant.len_bytes ? tenant.ptr : "", is_system ? "system" : "tenant"};
    int lengths[] = {(int)tenant.len_bytes, (int)strlen(values[1])};
    return PQsendQueryPrepared(conn, "set_context", 2, values, lengths, bind_formats(), 1) == 1;
}

static bool send_row(PGconn *conn, const query_t *query, const bind_row_t *row)
{
    return PQsendQueryPrepared(conn, query->name, (int)query->params_count, row->values,
                               row->lengths, bind_formats(), /* resultFormat= */ 1) == 1;
}

// How many go in one statement from here.
static size_t count_gathered(const batch_t *self, size_t first)
{
    const operation_t *leader = self->entries[first].operation;
    if (self->is_alone || !operation_query(leader)->is_gathered)
        return 1;
    size_t count = 0;
    size_t size_bytes = 0;
    for (; first + count < self->count && count < GATHER_MAX_COUNT; count++) {
        const operation_t *next = self->entries[first + count].operation;
        size_bytes += operation_size_bytes(next);
        if (count > 0 && (operation_query(next) != operation_query(leader) ||
                          !is_same_context(next, leader) || size_bytes > GATHER_MAX_BYTES))
            break;
    }
    return count;
}

// What cannot be sent is an error of the operations, not of the connection.
static bool send_gathered(entry_t *first, PGconn *conn)
{
    const query_t *query = operation_query(first->operation);
    const bind_row_t *rows[GATHER_MAX_COUNT];
    for (size_t i = 0; i < first->gathered_count; i++)
        rows[i] = &operation_bind(first[i].operation)->rows[0];
    act_arena_t *arena = act_arena_new();
    bind_row_t row;
    act_err_t err = bind_gather(query, rows, first->gathered_count, arena, &row);
    bool is_sent = err != ACT_E_OK || send_row(conn, query, &row);
    act_arena_destroy(&arena);
    for (size_t i = 0; err != ACT_E_OK && i < first->gathered_count; i++)
        first[i].err = err;
    first->steps_count -= err != ACT_E_OK;
    return is_sent;
}

static bool send_each(const entry_t *self, PGconn *conn)
{
    const bind_t *bind = operation_bind(self->operation);
    for (size_t i = 0; i < bind->rows_count; i++)
        if (!send_row(conn, operation_query(self->operation), &bind->rows[i]))
            return false;
    return true;
}

static void begin_entry(entry_t *self)
{
    ACT_CRASH_POINT_OF("commit.sending", operation_query(self->operation)->name);
    operation_begin_try(self->operation);
    self->gathered_count = 0;
    self->has_context = false;
    self->steps_count = 0;
    self->err = ACT_E_OK;
}

// The statements of an entry, and of those behind it that share them.
static bool send_entry(batch_t *self, size_t first, PGconn *conn, const operation_t *previous)
{
    entry_t *entry = &self->entries[first];
    size_t gathered_count = count_gathered(self, first);
    for (size_t i = 0; i < gathered_count; i++)
        begin_entry(&entry[i]);
    bool is_gathered = operation_query(entry->operation)->is_gathered;
    entry->gathered_count = gathered_count;
    entry->has_context = !previous || !is_same_context(previous, entry->operation);
    entry->steps_count = (is_gathered ? 1 : operation_bind(entry->operation)->rows_count) +
                         (entry->has_context ? 1 : 0);
    if (entry->has_context && !send_context(conn, entry->operation))
        return false;
    return is_gathered ? send_gathered(entry, conn) : send_each(entry, conn);
}

bool batch_send(batch_t *self, PGconn *conn, bool is_alone)
{
    act_assert(self->count > 0);
    self->is_alone = is_alone;
    if (!is_alone)
        qsort(self->entries, self->count, sizeof *self->entries, compare_entries);
    begin_segment(self, 0);
    const operation_t *previous = NULL;
    for (size_t i = 0; i < self->count; i += self->entries[i].gathered_count) {
        if (!send_entry(self, i, conn, previous))
            return false;
        previous = is_alone ? NULL : self->entries[i].operation;
        if (is_alone && PQpipelineSync(conn) != 1)
            return false;
    }
    return is_alone || PQpipelineSync(conn) == 1;
}

// --- reading -------------------------------------------------------------------------------------

void batch_notice(void *arg, const PGresult *notice)
{
    batch_t *self = arg;
    if (sqlstate_is_not_durable(PQresultErrorField(notice, PG_DIAG_SQLSTATE)))
        self->is_doubtful = true;
}

static size_t segment_end(const batch_t *self)
{
    return self->is_alone ? self->segment_at + 1 : self->count;
}

// The entry whose statement the next result answers, or NULL when only the Sync is left.
static entry_t *current_entry(batch_t *self)
{
    while (self->entry_at < segment_end(self) &&
           self->step_at == self->entries[self->entry_at].steps_count) {
        self->entry_at++;
        self->step_at = 0;
    }
    return self->entry_at < segment_end(self) ? &self->entries[self->entry_at] : NULL;
}

static void note_failure(batch_t *self, const PGresult *result)
{
    if (self->is_failed)
        return;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    self->is_failed = true;
    (void)act_str_copy(act_str(sqlstate), self->sqlstate, sizeof self->sqlstate);
}

// Of a gathered statement; NULL when the row is for none of its operations.
static entry_t *entry_of_row(entry_t *first, const PGresult *rows, int row)
{
    size_t place = bind_reply_place(rows, row);
    return place >= 1 && place <= first->gathered_count ? &first[place - 1] : NULL;
}

static void add_rows(entry_t *first, const PGresult *rows)
{
    bool is_gathered = operation_query(first->operation)->is_gathered;
    for (int row = 0; row < PQntuples(rows); row++) {
        entry_t *entry = is_gathered ? entry_of_row(first, rows, row) : first;
        if (!entry)
            first->err = ACT_E_DATABASE;
        else if (entry->err == ACT_E_OK)
            entry->err = operation_add_row(entry->operation, rows, row);
    }
}

static void read_statement(batch_t *self, const PGresult *result)
{
    entry_t *entry = current_entry(self);
    ExecStatusType status = PQresultStatus(result);
    bool is_fine = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (!is_fine && status != PGRES_PIPELINE_ABORTED)
        note_failure(self, result); // also of the commit itself: then no entry is left
    if (!entry)
        return;
    bool is_context = entry->has_context && self->step_at == 0;
    if (is_fine && !is_context)
        add_rows(entry, result);
    self->step_at++;
}

static batch_verdict_t verdict_of(const batch_t *self, const entry_t *entry,
                                  size_t companions_count)
{
    if (!self->is_failed && self->is_doubtful)
        return (batch_verdict_t){BATCH_FAILED, ACT_E_NOT_DURABLE, "01000"};
    if (!self->is_failed && entry->err != ACT_E_OK)
        return (batch_verdict_t){BATCH_FAILED, entry->err, NULL};
    if (!self->is_failed)
        return (batch_verdict_t){BATCH_COMMITTED, ACT_E_OK, NULL};
    bool may_try = operation_tries_count(entry->operation) < TRIES_MAX_COUNT;
    if (companions_count > 0 || (may_try && sqlstate_is_transient(self->sqlstate)))
        return (batch_verdict_t){BATCH_AGAIN, ACT_E_OK, NULL};
    return (batch_verdict_t){BATCH_FAILED, sqlstate_err(self->sqlstate), self->sqlstate};
}

static void end_segment(batch_t *self, batch_ended_fn *fn, void *context)
{
    size_t end = segment_end(self);
    for (size_t i = self->segment_at; i < end; i++) {
        batch_verdict_t verdict = verdict_of(self, &self->entries[i], end - self->segment_at - 1);
        operation_t *operation = act_take(&self->entries[i].operation);
        fn(context, &operation, &verdict);
    }
    self->entry_at = end;
    self->step_at = 0;
    begin_segment(self, end);
}

batch_progress_t batch_read(batch_t *self, PGconn *conn, batch_ended_fn *fn, void *context)
{
    while (self->segment_at < self->count) {
        if (PQisBusy(conn))
            return BATCH_WAITS;
        PGresult *result = PQgetResult(conn);
        // NULL ends the results of one statement; of a broken connection there is nothing more.
        if (!result && PQstatus(conn) != CONNECTION_OK)
            return BATCH_LOST;
        if (!result)
            continue;
        bool is_sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (is_sync && ACT_CRASH_REPLY_IS_LOST()) {
            PQclear(result);
            return BATCH_LOST;
        }
        if (is_sync)
            end_segment(self, fn, context);
        else
            read_statement(self, result);
        PQclear(result);
        if (!is_sync && PQstatus(conn) != CONNECTION_OK)
            return BATCH_LOST;
    }
    clear(self);
    return BATCH_DONE;
}

operation_t *batch_take(batch_t *self)
{
    while (self->taken < self->count) {
        operation_t *operation = act_take(&self->entries[self->taken++].operation);
        if (operation)
            return operation;
    }
    clear(self);
    return NULL;
}
