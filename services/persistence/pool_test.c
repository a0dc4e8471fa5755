// pool_test: batches, failures and lost connections, on a real database (test_db.h).
#include "pool.h"

#include "base/time.h"
#include "proto/persistence.h"
#include "proto/persistence_service.h"
#include "test_db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void start_release(test_db_t *db, act_str_t tenant, act_str_t conversation)
{
    test_db_start(db, tenant, PERSISTENCE_TURN_RELEASE, &turn_release_request_model,
                  &(turn_release_request_t){.conversation_id = conversation, .fence = 1},
                  /* is_retry_safe= */ true);
}

static void start_letter(test_db_t *db, act_str_t tenant, act_str_t body, bool is_retry_safe)
{
    test_db_start(db, tenant, PERSISTENCE_PUT_DEAD_LETTER, &put_dead_letter_request_model,
                  &(put_dead_letter_request_t){.kind = ACT_STR("call"), .body = body},
                  is_retry_safe);
}

static act_str_t letters_of(test_db_t *db, act_str_t tenant)
{
    return test_db_admin(
        db,
        test_db_text(db, "select count(*) from dead_letters where tenant_id = '%" ACT_STR_FMT "'",
                     ACT_STR_ARG(tenant))
            .ptr);
}

#define CHECK_STR(a, b)                                                                            \
    assert_string_equal(test_db_text(db, "%" ACT_STR_FMT, ACT_STR_ARG(a)).ptr, (b))

// One bad operation among many callers': only its caller hears of it (T9).
static void only_the_guilty_one_hears(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    for (int i = 0; i < 60; i++) {
        if (i == 30)
            start_release(db, tenant, ACT_STR("this is no uuid"));
        start_letter(db, tenant, test_db_text(db, "letter %d", i), /* is_retry_safe= */ false);
    }
    assert_int_equal(test_db_wait(db), 1);
    assert_int_equal(test_db_last_err(db), ACT_E_INVALID_ARGUMENT);
    CHECK_STR(letters_of(db, tenant), "60");
}

// Operations of many tenants share batches; each sees its own rows, whatever stands before it.
static void tenants_share_batches(void **state)
{
    test_db_t *db = *state;
    enum { TENANTS = 8, ROUNDS = 25 };
    act_str_t tenants[TENANTS];
    for (int i = 0; i < TENANTS; i++)
        tenants[i] = test_db_tenant(db);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < TENANTS; i++) {
            start_letter(db, tenants[i], test_db_text(db, "%d", round), /* is_retry_safe= */ true);
            if (round % 5 == 0) // an operation of the whole system in between
                test_db_start(db, tenants[i], PERSISTENCE_SWEEP_INBOX, &sweep_inbox_request_model,
                              &(sweep_inbox_request_t){.max_rows = 1}, /* is_retry_safe= */ true);
        }
    assert_int_equal(test_db_wait(db), 0);
    for (int i = 0; i < TENANTS; i++)
        CHECK_STR(letters_of(db, tenants[i]), "25");
}

static void end_backends(test_db_t *db)
{
    (void)test_db_admin(db, "select count(pg_terminate_backend(pid)) from pg_stat_activity where "
                            "application_name = 'parley-persistence' and datname = "
                            "current_database()");
}

// Unknown outcomes: what may be repeated is, the rest is told.
static void lost_connections_lose_nothing(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 100; i++)
            start_letter(db, tenant, test_db_text(db, "letter %d %d", round, i),
                         /* is_retry_safe= */ true);
        for (int turn = 0; turn < 3 * round; turn++) // at another place each time
            uv_run(act_loop_uv(test_db_loop(db)), UV_RUN_NOWAIT);
        end_backends(db);
        assert_int_equal(test_db_wait(db), 0);
    }
    CHECK_STR(letters_of(db, tenant), "1000");
}

static void what_may_not_be_repeated_fails(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    (void)test_db_admin(db, "begin");
    (void)test_db_admin(db, "lock table dead_letters in access exclusive mode");
    start_letter(db, tenant, ACT_STR("a"), /* is_retry_safe= */ false);
    start_letter(db, tenant, ACT_STR("b"), /* is_retry_safe= */ true);
    int64_t until_us = act_time_mono_us() + 100000; // both are under way, and wait for the lock
    while (act_time_mono_us() < until_us)
        uv_run(act_loop_uv(test_db_loop(db)), UV_RUN_NOWAIT);
    end_backends(db);
    (void)test_db_admin(db, "commit");
    assert_int_equal(test_db_wait(db), 1);
    assert_int_equal(test_db_last_err(db), ACT_E_DATABASE);
    CHECK_STR(letters_of(db, tenant), "1");
}

// A lock that is given within some tries is waited for; one that is not ends the operation.
static void locks_are_tried_again(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    (void)test_db_admin(db, "begin");
    (void)test_db_admin(db, "lock table dead_letters in access exclusive mode");
    start_letter(db, tenant, ACT_STR("a"), /* is_retry_safe= */ false);
    int64_t until_us = act_time_mono_us() + 700000; // past lock_timeout (500 ms)
    while (act_time_mono_us() < until_us)
        uv_run(act_loop_uv(test_db_loop(db)), UV_RUN_NOWAIT);
    (void)test_db_admin(db, "commit");
    assert_int_equal(test_db_wait(db), 0);
    CHECK_STR(letters_of(db, tenant), "1");
}

// A commit the server is not sure of (T1): everybody in the batch is told, nobody is told "done".
static void a_doubtful_commit_is_told_to_all(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    (void)test_db_admin(db,
                        "create or replace function doubt() returns trigger language plpgsql as "
                        "$$ begin raise warning 'canceling wait for synchronous replication' "
                        "using errcode = '01000'; return new; end $$");
    (void)test_db_admin(db, "create trigger doubt before insert on dead_letters for each row when "
                            "(new.body = 'doubtful') execute function doubt()");
    for (int i = 0; i < 5; i++)
        start_letter(db, tenant, i == 2 ? ACT_STR("doubtful") : test_db_text(db, "%d", i),
                     /* is_retry_safe= */ true);
    size_t failed_count = test_db_wait(db);
    assert_in_range(failed_count, 1, 5); // those that shared its batch
    assert_int_equal(test_db_last_err(db), ACT_E_NOT_DURABLE);
    (void)test_db_admin(db, "drop trigger doubt on dead_letters");
    (void)test_db_admin(db, "drop function doubt()");
    start_letter(db, tenant, ACT_STR("after"), /* is_retry_safe= */ true);
    assert_int_equal(test_db_wait(db), 0);
}

static void too_many_are_refused(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    for (int i = 0; i < 5000; i++) // 1000 places a connection, of which one may be away just now
        start_letter(db, tenant, test_db_text(db, "letter %d", i), /* is_retry_safe= */ true);
    size_t failed_count = test_db_wait(db);
    assert_true(failed_count == 3000 || failed_count == 4000);
    assert_int_equal(test_db_last_err(db), ACT_E_OVERLOADED);
    CHECK_STR(letters_of(db, tenant), failed_count == 3000 ? "2000" : "1000");
}

// --- without a database --------------------------------------------------------------------------

typedef struct {
    act_loop_t *loop;
    act_err_t err;
    bool has_heard;
} lonely_t;

static void on_reply(void *context, const act_buf_t *body)
{
    (void)body;
    lonely_t *self = context;
    self->has_heard = true;
}

static void on_fail(void *context, act_err_t err, const char *text)
{
    (void)text;
    lonely_t *self = context;
    self->err = err;
    self->has_heard = true;
}

static bool is_never_cancelled(void *context)
{
    (void)context;
    return false;
}

static void on_ready(void *context)
{
    (void)context;
    fail_msg("there is a database at 127.0.0.1:1");
}

static void on_refused(void *context, const char *text)
{
    (void)context;
    fail_msg("refused: %s", text);
}

static void put_lonely(pool_t *pool, lonely_t *self, act_arena_t *arena)
{
    static const operation_owner_t owner = {on_reply, on_fail, is_never_cancelled};
    operation_t *operation = NULL;
    self->has_heard = false;
    assert_int_equal(operation_new(&(operation_opts_t){.query = &query_table[PERSISTENCE_SEED_DEMO],
                                                       .tenant = ACT_STR("acme"),
                                                       .body = ACT_STR("\x80"),
                                                       .arena = arena,
                                                       .owner = &owner,
                                                       .context = self},
                                   &operation),
                     ACT_E_OK);
    pool_put(pool, &operation);
}

static void without_a_database_calls_wait_and_then_fail_fast(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    lonely_t lonely = {.loop = act_loop_new()};
    act_log_t *log = act_log_new("/tmp", "pool_test", "pool_test", ACT_LOG_ERROR);
    pool_t *pool = pool_new(&(pool_opts_t){.loop = lonely.loop,
                                           .log = log,
                                           .conninfo = "host=127.0.0.1 port=1",
                                           .connections_count = 2,
                                           .batch_max_count = 4,
                                           .queue_max_count = 4,
                                           .queue_max_bytes = 1u << 20,
                                           .away_max_ms = 100,
                                           .on_ready = on_ready,
                                           .on_refused = on_refused});
    put_lonely(pool, &lonely, arena);
    assert_false(lonely.has_heard);
    while (!lonely.has_heard)
        act_loop_turn(lonely.loop);
    assert_int_equal(lonely.err, ACT_E_DATABASE);
    put_lonely(pool, &lonely, arena);
    assert_true(lonely.has_heard);
    pool_destroy(&pool);
    act_loop_destroy(&lonely.loop);
    act_log_destroy(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_guilty_one_hears),
        cmocka_unit_test(tenants_share_batches),
        cmocka_unit_test(lost_connections_lose_nothing),
        cmocka_unit_test(what_may_not_be_repeated_fails),
        cmocka_unit_test(locks_are_tried_again),
        cmocka_unit_test(a_doubtful_commit_is_told_to_all),
        cmocka_unit_test(too_many_are_refused),
        cmocka_unit_test(without_a_database_calls_wait_and_then_fail_fast),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
