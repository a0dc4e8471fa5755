// test_db: for tests that need a database: a pool on the database that PARLEY_TEST_DATABASE_URL
// names, and calls that wait for their answer. Each test makes up its own tenants, so that one
// database serves all of them, again and again.
#pragma once
#include "base/model.h"
#include "pool.h"

typedef struct test_db test_db_t;

// cmocka set-up and tear-down of a group: migrates, connects. The tests are skipped without a
// database.
int test_db_set_up(void **state);
int test_db_tear_down(void **state);

// A tenant nobody has used.
act_str_t test_db_tenant(test_db_t *self);
// Text that lives as long as the fixture.
act_str_t test_db_text(test_db_t *self, const char *format, ...) ACT_PRINTF(2, 3);
act_str_t test_db_uuid(test_db_t *self);

// Calls the rpc at this place of the table (PERSISTENCE_...) and waits. ret_reply, decoded by
// reply_model, lives as long as the fixture; both may be NULL.
act_err_t test_db_call(test_db_t *self, act_str_t tenant, int place,
                       const act_model_t *request_model, const void *request,
                       const act_model_t *reply_model, const void **ret_reply);

// The same without waiting; test_db_wait waits for all that were started, and returns how many
// failed. is_retry_safe as in the model.
void test_db_start(test_db_t *self, act_str_t tenant, int place, const act_model_t *request_model,
                   const void *request, bool is_retry_safe);
size_t test_db_wait(test_db_t *self);
act_err_t test_db_last_err(const test_db_t *self); // of what was started, the last failure

// A connection with the rights of the login, for what the actor cannot do: looking at the catalog,
// ending other connections, moving time. One statement, its first value as text ("" without a row).
act_str_t test_db_admin(test_db_t *self, const char *sql);
act_loop_t *test_db_loop(test_db_t *self);
