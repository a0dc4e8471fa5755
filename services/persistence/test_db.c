// test_db: see test_db.h.
#include "test_db.h"

#include "base/id.h"
#include "base/mp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    test_db_t *db;
    act_buf_t body;
    act_str_t reply; // in the fixture's arena
    act_err_t err;
    bool is_done;
    bool is_started; // not waited for one by one: freed when it ends
} test_call_t;

struct test_db {
    act_arena_t *arena;
    act_loop_t *loop;
    act_log_t *log;
    pool_t *pool;
    PGconn *admin;
    size_t open_count; // started and not ended
    size_t failed_count;
    act_err_t last_err;
    bool is_ready;
};

// --- calls ---------------------------------------------------------------------------------------

static void end(test_call_t *call, act_err_t err)
{
    call->err = err;
    call->is_done = true;
    act_buf_fini(&call->body);
    if (!call->is_started)
        return;
    call->db->open_count--;
    if (err != ACT_E_OK) {
        call->db->failed_count++;
        call->db->last_err = err;
    }
    act_free(call);
}

static void on_reply(void *context, const act_buf_t *body)
{
    test_call_t *call = context;
    assert_int_equal(act_mp_check(act_buf_str(body)), ACT_E_OK);
    call->reply = act_arena_str(call->db->arena, act_buf_str(body));
    end(call, ACT_E_OK);
}

static void on_fail(void *context, act_err_t err, const char *text)
{
    (void)text;
    end(context, err);
}

static bool is_never_cancelled(void *context)
{
    (void)context;
    return false;
}

static const operation_owner_t owner = {on_reply, on_fail, is_never_cancelled};

static test_call_t *put(test_db_t *self, act_str_t tenant, int place, const act_model_t *model,
                        const void *request, bool is_retry_safe)
{
    test_call_t *call = act_alloc(sizeof *call);
    call->db = self;
    act_buf_init(&call->body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_pack(model, request, &call->body);
    operation_t *operation = NULL;
    assert_int_equal(operation_new(&(operation_opts_t){.query = &query_table[place],
                                                       .tenant = tenant,
                                                       .body = act_arena_str(
                                                           self->arena, act_buf_str(&call->body)),
                                                       .is_retry_safe = is_retry_safe,
                                                       .arena = self->arena,
                                                       .owner = &owner,
                                                       .context = call},
                                   &operation),
                     ACT_E_OK);
    pool_put(self->pool, &operation);
    return call;
}

act_err_t test_db_call(test_db_t *self, act_str_t tenant, int place,
                       const act_model_t *request_model, const void *request,
                       const act_model_t *reply_model, const void **ret_reply)
{
    test_call_t *call = put(self, tenant, place, request_model, request, /* is_retry_safe= */ true);
    while (!call->is_done)
        act_loop_turn(self->loop);
    act_err_t err = call->err;
    if (err == ACT_E_OK && ret_reply) {
        const char *field = NULL;
        *ret_reply = act_model_decode(reply_model, call->reply, self->arena, &field);
        if (!*ret_reply)
            fail_msg("reply of %s is malformed: %s", query_table[place].name, field);
    }
    act_free(call);
    return err;
}

void test_db_start(test_db_t *self, act_str_t tenant, int place, const act_model_t *request_model,
                   const void *request, bool is_retry_safe)
{
    self->open_count++;
    test_call_t *call = put(self, tenant, place, request_model, request, is_retry_safe);
    // Refused at once: counted here, because it was not known yet as one that was started.
    if (call->is_done) {
        call->is_started = true;
        end(call, call->err);
        return;
    }
    call->is_started = true;
}

size_t test_db_wait(test_db_t *self)
{
    while (self->open_count > 0)
        act_loop_turn(self->loop);
    size_t failed_count = self->failed_count;
    self->failed_count = 0;
    return failed_count;
}

act_err_t test_db_last_err(const test_db_t *self)
{
    return self->last_err;
}

// --- texts ---------------------------------------------------------------------------------------

act_str_t test_db_text(test_db_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    act_str_t text = act_arena_vprintf(self->arena, format, args);
    va_end(args);
    return text;
}

act_str_t test_db_uuid(test_db_t *self)
{
    char text[ACT_UUID_TEXT_BYTES];
    act_uuid7(text);
    return test_db_text(self, "%s", text);
}

act_str_t test_db_tenant(test_db_t *self)
{
    act_str_t id = test_db_uuid(self);
    return test_db_text(self, "test-%" ACT_STR_FMT, ACT_STR_ARG(id));
}

act_str_t test_db_admin(test_db_t *self, const char *sql)
{
    PGresult *result = PQexec(self->admin, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    act_str_t value = act_str_of("", 0);
    if (PQntuples(result) > 0)
        value = test_db_text(self, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return value;
}

act_loop_t *test_db_loop(test_db_t *self)
{
    return self->loop;
}

// --- life ----------------------------------------------------------------------------------------

static void on_ready(void *context)
{
    test_db_t *self = context;
    self->is_ready = true;
}

static void on_refused(void *context, const char *text)
{
    (void)context;
    fail_msg("database refused: %s", text);
}

int test_db_set_up(void **state)
{
    const char *url = getenv("PARLEY_TEST_DATABASE_URL");
    if (!url) {
        print_message("PARLEY_TEST_DATABASE_URL is not set: skipped\n");
        exit(77); // meson: skipped
    }
    test_db_t *self = act_alloc(sizeof *self);
    self->arena = act_arena_new();
    self->loop = act_loop_new();
    self->log = act_log_new(NULL, "test", "test", ACT_LOG_ERROR);
    self->pool = pool_new(&(pool_opts_t){
        .loop = self->loop,
        .log = self->log,
        .conninfo = url,
        .connections_count = 2,
        .batch_max_count = 64,
        .queue_max_count = 1000,
        .queue_max_bytes = 1u << 24,
        .away_max_ms = 2000,
        .on_ready = on_ready,
        .on_refused = on_refused,
        .context = self,
    });
    while (!self->is_ready)
        act_loop_turn(self->loop);
    self->admin = PQconnectdb(url);
    assert_int_equal(PQstatus(self->admin), CONNECTION_OK);
    (void)test_db_admin(self, "set search_path = parley, public");
    (void)test_db_admin(self, "set client_min_messages = error");
    // Who holds leases and claims in tests that are about something else; they live for ever.
    (void)test_db_admin(self,
                        "insert into instances (instance, holder, service, pid, "
                        "claim_delay_ms, expires_at) select n, n, 'test', 0, 0, 'infinity' "
                        "from unnest(array['s1', 's2', 'd1', 'd2']) n on conflict do nothing");
    *state = self;
    return 0;
}

int test_db_tear_down(void **state)
{
    test_db_t *self = *state;
    PQfinish(self->admin);
    pool_destroy(&self->pool);
    act_loop_destroy(&self->loop);
    act_log_destroy(&self->log);
    act_arena_destroy(&self->arena);
    act_free(self);
    return 0;
}
