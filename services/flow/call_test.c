// call: every row of the table can be started and answered, lists are bounded, errors are passed
// on.
#include "call.h"

#include "texts/texts.h"
#include "store_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *call, *rpc;
    uint32_t rows_count; // of what the fake store has
} cases[] = {
    {"list_projects", "list_projects", 0},
    {"list_tasks", "list_tasks", 0},
    {"list_documents", "list_documents", 0},
    {"list_appointments", "list_appointments", 0},
    {"create_incident", "create_incident", 1},
    {"update_task_progress", "update_task_progress", 1},
    {"create_appointment", "create_appointment", 1},
    {"cancel_appointment", "cancel_appointment", 1},
    {"find_products", "quote_price", 1},
    {"quote_price", "quote_price", 1},
    {"capture_lead", "capture_lead", 1},
};

// value_of gives the name of a variable for its value.
static const product_hit_t product = {.product_id = ACT_STR_INIT("product_id"),
                                      .name = ACT_STR_INIT("Tiles")};

typedef struct {
    store_fake_t store;
    act_arena_t *arena;
    call_job_t job;
    uint32_t done_count;
    act_err_t err;
    rows_t rows;
} fixture_t;

static const flow_run_request_t request = {
    .turn_id = ACT_STR_INIT("turn-1"),
    .contact_id = ACT_STR_INIT("contact-1"),
    .conversation_id = ACT_STR_INIT("conv-1"),
};

static void on_done(void *context, act_err_t err, const char *text, const rows_t *rows)
{
    fixture_t *self = context;
    self->done_count++;
    self->err = err;
    assert_int_equal(err == ACT_E_OK, rows != NULL);
    assert_int_equal(err != ACT_E_OK, text != NULL);
    if (rows)
        self->rows = *rows;
}

static act_str_t value_of(void *context, act_str_t name)
{
    (void)context;
    return act_str_is(name, "progress_pct") ? ACT_STR("400") : name;
}

static fixture_t *fixture_new(void)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->arena = act_arena_new();
    self->store.arena = self->arena;
    self->store.products = &product;
    self->store.products_count = 1;
    self->job = (call_job_t){
        .store = &store_fake_functions,
        .actor = (void *)&self->store,
        .arena = self->arena,
        .request = &request,
        .node = ACT_STR("node"),
        .value = value_of,
        .done = on_done,
        .context = self,
    };
    return self;
}

static void fixture_free(fixture_t *self)
{
    act_arena_destroy(&self->arena);
    act_free(self);
}

static void starts_and_answers_every_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        fixture_t *self = fixture_new();
        const call_t *call = call_find(act_str(cases[i].call));
        assert_non_null(call);
        assert_true(call->columns_count >= 2 && call->columns_count <= CALL_COLUMNS_MAX);
        assert_true(call_start(call, &self->job) != 0);
        assert_int_equal(self->done_count, 0);
        assert_string_equal(self->store.last_call, cases[i].rpc);
        assert_int_equal(self->store.writes_count, call->is_write);
        assert_true(store_fake_step(&self->store));
        assert_int_equal(self->done_count, 1);
        assert_int_equal(self->err, ACT_E_OK);
        assert_int_equal(self->rows.count, cases[i].rows_count);
        if (call->is_write)
            assert_true(act_str_is(
                self->store.key,
                act_arena_printf(self->arena, "turn-1/flow/0/node/%s", cases[i].call).ptr));
        if (call->is_list)
            assert_false(act_str_empty(act_text_find(act_str(call->description), ACT_STR("en"))));
        fixture_free(self);
    }
    assert_null(call_find(ACT_STR("put_tenant")));
}

static void passes_errors_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        fixture_t *self = fixture_new();
        self->store.err = ACT_E_DATABASE;
        call_start(call_find(act_str(cases[i].call)), &self->job);
        store_fake_step(&self->store);
        assert_int_equal(self->err, ACT_E_DATABASE);
        fixture_free(self);
    }
}

static void bounds_lists(void **state)
{
    (void)state;
    fixture_t *self = fixture_new();
    project_t *projects = act_arena_alloc_array(self->arena, 100, sizeof *projects);
    for (uint32_t i = 0; i < 100; i++)
        projects[i].project_id = act_arena_printf(self->arena, "p-%u", i);
    self->store.projects = projects;
    self->store.projects_count = 100;
    call_start(call_find(ACT_STR("list_projects")), &self->job);
    store_fake_step(&self->store);
    assert_int_equal(self->store.contact.max_rows, CALL_MAX_ROWS);
    assert_true(act_str_is(self->store.contact.contact_id, "contact-1"));
    assert_int_equal(self->rows.count, CALL_MAX_ROWS);
    assert_true(act_str_is(rows_cell(&self->rows, 29, 0), "p-29"));
    fixture_free(self);
}

static void bounds_progress(void **state)
{
    (void)state;
    fixture_t *self = fixture_new();
    call_start(call_find(ACT_STR("update_task_progress")), &self->job);
    store_fake_step(&self->store);
    assert_int_equal(self->store.progress.progress_pct, 100);
    fixture_free(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_and_answers_every_call),
        cmocka_unit_test(passes_errors_on),
        cmocka_unit_test(bounds_lists),
        cmocka_unit_test(bounds_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
