// bind_test: parameters and rows, by hand-made tables; no database.
#include "bind.h"

#include "base/mp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

// --- parameters ----------------------------------------------------------------------------------

static const query_param_t one_params[] = {
    {ACT_STR_INIT("tenant"), QUERY_TENANT, false, QUERY_WHOLE},
    {ACT_STR_INIT("name"), QUERY_TEXT, false, QUERY_WHOLE},
    {ACT_STR_INIT("count"), QUERY_INT, false, QUERY_WHOLE},
    {ACT_STR_INIT("flag"), QUERY_BOOL, false, QUERY_WHOLE},
    {ACT_STR_INIT("ratio"), QUERY_DOUBLE, false, QUERY_WHOLE},
    {ACT_STR_INIT("part"), QUERY_JSON, false, QUERY_WHOLE},
    {ACT_STR_INIT("parts"), QUERY_JSONS, false, QUERY_WHOLE},
    {ACT_STR_INIT("words"), QUERY_TEXTS, false, QUERY_WHOLE},
    {ACT_STR_INIT("numbers"), QUERY_INTS, false, QUERY_WHOLE},
};
static const query_t one = {
    .name = "one", .params = one_params, .params_count = ACT_COUNT(one_params)};

typedef struct {
    act_arena_t *arena;
    act_buf_t body;
    bind_t bind;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->arena = act_arena_new();
    act_buf_init(&self->body, ACT_BUF_DEFAULT_MAX_BYTES);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    act_arena_destroy(&self->arena);
    act_buf_fini(&self->body);
    act_free(self);
    return 0;
}

static void bind(fixture_t *self, const query_t *query)
{
    assert_int_equal(
        bind_request(query, ACT_STR("acme"), act_buf_str(&self->body), self->arena, &self->bind),
        ACT_E_OK);
}

static void check_value(const fixture_t *self, size_t row, size_t index, const void *bytes,
                        size_t len_bytes)
{
    const bind_row_t *at = &self->bind.rows[row];
    assert_non_null(at->values[index]);
    assert_int_equal(at->lengths[index], (int)len_bytes);
    assert_memory_equal(at->values[index], bytes, len_bytes);
}

#define CHECK(self, row, index, literal)                                                           \
    check_value((self), (row), (index), (literal), sizeof(literal) - 1)

static void missing_fields_are_defaults(void **state)
{
    fixture_t *self = *state;
    act_mp_map(&self->body, 0);
    bind(self, &one);
    assert_int_equal(self->bind.rows_count, 1);
    CHECK(self, 0, 0, "acme");
    CHECK(self, 0, 1, "");
    CHECK(self, 0, 2, "\0\0\0\0\0\0\0\0");
    CHECK(self, 0, 3, "\0");
    CHECK(self, 0, 4, "\0\0\0\0\0\0\0\0");
    CHECK(self, 0, 5, "{}");
    CHECK(self, 0, 6, "[]");
    CHECK(self, 0, 7, "\0\0\0\0\0\0\0\0\0\0\0\x19");
    CHECK(self, 0, 8, "\0\0\0\0\0\0\0\0\0\0\0\x14");
}

static void put_name(act_buf_t *out, const char *name)
{
    act_mp_str(out, act_str(name));
}

static void values_become_binary(void **state)
{
    fixture_t *self = *state;
    act_buf_t *out = &self->body;
    act_mp_map(out, 9);
    put_name(out, "unknown");
    act_mp_int(out, 7);
    put_name(out, "name");
    act_mp_str(out, ACT_STR("a\0b")); // PostgreSQL's text has no NUL
    put_name(out, "count");
    act_mp_int(out, -2);
    put_name(out, "flag");
    act_mp_bool(out, true);
    put_name(out, "ratio");
    act_mp_double(out, 1.5);
    put_name(out, "part");
    act_mp_map(out, 1);
    put_name(out, "text");
    act_mp_str(out,
               ACT_STR("x\0\\u0000")); // a NUL, then a backslash and letters that look like one
    put_name(out, "parts");
    act_mp_array(out, 1);
    act_mp_map(out, 0);
    put_name(out, "words");
    act_mp_array(out, 1);
    act_mp_str(out, ACT_STR("hi"));
    put_name(out, "numbers");
    act_mp_array(out, 1);
    act_mp_int(out, 258);
    bind(self, &one);
    CHECK(self, 0, 1, "ab");
    CHECK(self, 0, 2, "\xff\xff\xff\xff\xff\xff\xff\xfe");
    CHECK(self, 0, 3, "\1");
    CHECK(self, 0, 4, "\x3f\xf8\0\0\0\0\0\0");
    CHECK(self, 0, 5, "{\"text\":\"x\\\\u0000\"}");
    CHECK(self, 0, 6, "[{}]");
    CHECK(self, 0, 7, "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\2hi");
    CHECK(self, 0, 8, "\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\1\0\0\0\1\0\0\0\x8\0\0\0\0\0\0\1\2");
}

static const query_param_t each_params[] = {
    {ACT_STR_INIT("channel"), QUERY_TEXT, false, QUERY_WHOLE},
    {ACT_STR_INIT("id"), QUERY_TEXT, true, QUERY_WHOLE},
};
static const query_key_t each_keys[] = {
    {ACT_STR_INIT("address"), true},
    {ACT_STR_INIT("id"), true},
};
static const query_t each = {
    .name = "each",
    .params = each_params,
    .params_count = ACT_COUNT(each_params),
    .keys = each_keys,
    .keys_count = ACT_COUNT(each_keys),
    .items = ACT_STR_INIT("items"),
};

static void put_item(act_buf_t *out, const char *id, const char *address)
{
    act_mp_map(out, 2);
    put_name(out, "id");
    act_mp_str(out, act_str(id));
    put_name(out, "address");
    act_mp_str(out, act_str(address));
}

// The items come before the field they share: order in a map means nothing.
static void put_items(act_buf_t *out, const char *address)
{
    act_mp_map(out, 2);
    put_name(out, "items");
    act_mp_array(out, 2);
    put_item(out, "i1", address);
    put_item(out, "i2", "second");
    put_name(out, "channel");
    act_mp_str(out, ACT_STR("whatsapp"));
}

static void each_item_is_a_row(void **state)
{
    fixture_t *self = *state;
    put_items(&self->body, "491");
    bind(self, &each);
    assert_int_equal(self->bind.rows_count, 2);
    CHECK(self, 0, 0, "whatsapp");
    CHECK(self, 0, 1, "i1");
    CHECK(self, 1, 0, "whatsapp");
    CHECK(self, 1, 1, "i2");
    assert_true(act_str_is(self->bind.key, "491"));
}

static void the_first_key_with_something_in_it_wins(void **state)
{
    fixture_t *self = *state;
    put_items(&self->body, "");
    bind(self, &each);
    assert_true(act_str_is(self->bind.key, "i1"));
}

static void no_items_are_no_rows(void **state)
{
    fixture_t *self = *state;
    act_mp_map(&self->body, 0);
    bind(self, &each);
    assert_int_equal(self->bind.rows_count, 0);
    assert_true(act_str_empty(self->bind.key));
}

static const query_param_t arrays_params[] = {
    {ACT_STR_INIT("channel"), QUERY_TEXT, false, QUERY_WHOLE},
    {ACT_STR_INIT("id"), QUERY_TEXTS, true, QUERY_WHOLE},
    {ACT_STR_INIT("flag"), QUERY_BOOLS, true, QUERY_WHOLE},
    {ACT_STR_INIT("part"), QUERY_JSON_ARRAY, true, QUERY_WHOLE},
};
static const query_t arrays = {
    .name = "arrays",
    .params = arrays_params,
    .params_count = ACT_COUNT(arrays_params),
    .keys = each_keys,
    .keys_count = ACT_COUNT(each_keys),
    .items = ACT_STR_INIT("items"),
    .items_as = QUERY_ARRAYS,
};

// What an item does not say is the default, so that all arrays are of one length.
static void fields_of_items_are_arrays(void **state)
{
    fixture_t *self = *state;
    put_items(&self->body, "491");
    bind(self, &arrays);
    assert_int_equal(self->bind.rows_count, 1);
    CHECK(self, 0, 0, "whatsapp");
    CHECK(self, 0, 1, "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1\0\0\0\2i1\0\0\0\2i2");
    CHECK(self, 0, 2, "\0\0\0\1\0\0\0\0\0\0\0\x10\0\0\0\2\0\0\0\1\0\0\0\1\0\0\0\0\1\0");
    CHECK(self, 0, 3, "\0\0\0\1\0\0\0\0\0\0\0\x72\0\0\0\2\0\0\0\1\0\0\0\2{}\0\0\0\2{}");
    assert_true(act_str_is(self->bind.key, "491"));
}

static void no_items_are_empty_arrays(void **state)
{
    fixture_t *self = *state;
    act_mp_map(&self->body, 0);
    bind(self, &arrays);
    assert_int_equal(self->bind.rows_count, 1);
    CHECK(self, 0, 1, "\0\0\0\0\0\0\0\0\0\0\0\x19");
}

// --- rows ----------------------------------------------------------------------------------------

static const query_column_t many_columns[] = {
    {ACT_STR_INIT("id"), QUERY_TEXT, true},
    {ACT_STR_INIT("count"), QUERY_INT, true},
    {ACT_STR_INIT("content"), QUERY_JSON, true},
    {ACT_STR_INIT("next_ms"), QUERY_INT, false},
};
static const query_t many = {
    .name = "many",
    .columns = many_columns,
    .columns_count = ACT_COUNT(many_columns),
    .result = QUERY_RESULT_MANY,
    .many = ACT_STR_INIT("items"),
};
static const query_t single = {
    .name = "single",
    .columns = &many_columns[3],
    .columns_count = 1,
    .result = QUERY_RESULT_ONE,
    .missing_err = ACT_E_TASK_NOT_FOUND,
};

static PGresult *new_rows(const query_t *query)
{
    PGresult *rows = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc columns[8] = {0};
    for (size_t i = 0; i < query->columns_count; i++)
        columns[i] = (PGresAttDesc){.name = (char *)query->columns[i].name.ptr, .format = 1};
    assert_int_equal(PQsetResultAttrs(rows, (int)query->columns_count, columns), 1);
    return rows;
}

// NULL is SQL's NULL.
static void set(PGresult *rows, int row, int column, const char *bytes, int len_bytes)
{
    assert_int_equal(PQsetvalue(rows, row, column, (char *)bytes, bytes ? len_bytes : -1), 1);
}

static void check_reply(const bind_reply_t *reply, const char *json_like, size_t len_bytes)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    assert_int_equal(bind_reply_write(reply, &out), ACT_E_OK);
    assert_int_equal(act_mp_check(act_buf_str(&out)), ACT_E_OK);
    assert_int_equal(out.len_bytes, len_bytes);
    assert_memory_equal(out.ptr, json_like, len_bytes);
    act_buf_fini(&out);
}

#define CHECK_REPLY(reply, literal) check_reply((reply), (literal), sizeof(literal) - 1)

// --- gathered ------------------------------------------------------------------------------------

static const query_param_t gathered_params[] = {
    {ACT_STR_INIT("tenant"), QUERY_TENANT, false, QUERY_WHOLE},
    {ACT_STR_INIT("name"), QUERY_TEXTS, false, QUERY_ELEMENT},
    {ACT_STR_INIT("ratio"), QUERY_DOUBLES, false, QUERY_ELEMENT},
    {ACT_STR_INIT("words"), QUERY_TEXTS, false, QUERY_WHOLE},
    {ACT_STR_INIT("words"), QUERY_INTS, false, QUERY_COUNT},
};
static const query_t gathered = {.name = "gathered",
                                 .params = gathered_params,
                                 .params_count = ACT_COUNT(gathered_params),
                                 .is_gathered = true};

static bind_row_t bound(fixture_t *self, const char *name, const char *const words[],
                        uint32_t count)
{
    act_buf_reset(&self->body);
    act_mp_map(&self->body, 2);
    act_mp_str(&self->body, ACT_STR("name"));
    act_mp_str(&self->body, act_str(name));
    act_mp_str(&self->body, ACT_STR("words"));
    act_mp_array(&self->body, count);
    for (uint32_t i = 0; i < count; i++)
        act_mp_str(&self->body, act_str(words[i]));
    // The body is built again for the next one: what is bound borrows from it.
    act_str_t body = act_arena_str(self->arena, act_buf_str(&self->body));
    assert_int_equal(bind_request(&gathered, ACT_STR("acme"), body, self->arena, &self->bind),
                     ACT_E_OK);
    assert_int_equal(self->bind.rows_count, 1);
    return self->bind.rows[0];
}

static void requests_are_gathered(void **state)
{
    fixture_t *self = *state;
    bind_row_t rows[] = {bound(self, "a", (const char *[]){"x", "yz"}, 2), bound(self, "", NULL, 0),
                         bound(self, "cc", (const char *[]){"w"}, 1)};
    const bind_row_t *all[] = {&rows[0], &rows[1], &rows[2]};
    bind_row_t *row = act_arena_alloc(self->arena, sizeof *row);
    assert_int_equal(bind_gather(&gathered, all, 3, self->arena, row), ACT_E_OK);
    self->bind.rows = row;
    check_value(self, 0, 0, "acme", 4);
    static const char names[] = "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\3\0\0\0\1"
                                "\0\0\0\1"
                                "a"
                                "\0\0\0\0"
                                "\0\0\0\2"
                                "cc";
    check_value(self, 0, 1, names, sizeof names - 1);
    static const char words[] = "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\3\0\0\0\1"
                                "\0\0\0\1"
                                "x"
                                "\0\0\0\2"
                                "yz"
                                "\0\0\0\1"
                                "w";
    check_value(self, 0, 3, words, sizeof words - 1);
    static const char counts[] = "\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\3\0\0\0\1"
                                 "\0\0\0\x8\0\0\0\0\0\0\0\2"
                                 "\0\0\0\x8\0\0\0\0\0\0\0\0"
                                 "\0\0\0\x8\0\0\0\0\0\0\0\1";
    check_value(self, 0, 4, counts, sizeof counts - 1);
    assert_int_equal(bind_gather(&gathered, &all[1], 1, self->arena, row), ACT_E_OK);
    check_value(self, 0, 3, "\0\0\0\0\0\0\0\0\0\0\0\x19", 12); // no element: no dimension
}

static void rows_become_items(void **state)
{
    (void)state;
    ACT_AUTO(bind_reply) *reply = bind_reply_new(&many);
    PGresult *rows = new_rows(&many);
    set(rows, 0, 0, "a", 1);
    set(rows, 0, 1, "\0\0\0\x05", 4); // int4
    set(rows, 0, 2, "{\"t\":1}", 7);
    set(rows, 0, 3, "\0\0\0\0\0\0\0\x01", 8);
    set(rows, 1, 0, "b", 1);
    set(rows, 1, 1, NULL, 0); // a null column is a field that is not there
    set(rows, 1, 2, "{}", 2);
    set(rows, 1, 3, "\0\0\0\0\0\0\0\x02", 8);
    assert_int_equal(bind_reply_add(reply, rows, 0), ACT_E_OK);
    assert_int_equal(bind_reply_add(reply, rows, 1), ACT_E_OK);
    CHECK_REPLY(reply, "\x82\xa7next_ms\x02\xa5items\x92"
                       "\x83\xa2id\xa1"
                       "a\xa5"
                       "count\x05\xa7"
                       "content\x81\xa1t\x01"
                       "\x82\xa2id\xa1"
                       "b\xa7"
                       "content\x80");
    PQclear(rows);
}

static void a_row_without_item_fills_the_reply_only(void **state)
{
    (void)state;
    ACT_AUTO(bind_reply) *reply = bind_reply_new(&many);
    PGresult *rows = new_rows(&many);
    for (int column = 0; column < 3; column++)
        set(rows, 0, column, NULL, 0);
    set(rows, 0, 3, "\0\0\0\0\0\0\0\x07", 8);
    assert_int_equal(bind_reply_add(reply, rows, 0), ACT_E_OK);
    CHECK_REPLY(reply, "\x82\xa7next_ms\x07\xa5items\x90");
    PQclear(rows);
}

static void rows_of_several_executions_are_appended(void **state)
{
    (void)state;
    ACT_AUTO(bind_reply) *reply = bind_reply_new(&many);
    PGresult *rows = new_rows(&many);
    set(rows, 0, 0, "a", 1);
    for (int column = 1; column < 4; column++)
        set(rows, 0, column, NULL, 0);
    assert_int_equal(bind_reply_add(reply, rows, 0), ACT_E_OK);
    assert_int_equal(bind_reply_add(reply, rows, 0), ACT_E_OK);
    CHECK_REPLY(reply, "\x81\xa5items\x92\x81\xa2id\xa1"
                       "a\x81\xa2id\xa1"
                       "a");
    bind_reply_reset(reply);
    CHECK_REPLY(reply, "\x81\xa5items\x90");
    PQclear(rows);
}

static void one_without_a_row_is_missing(void **state)
{
    (void)state;
    ACT_AUTO(bind_reply) *reply = bind_reply_new(&single);
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    assert_int_equal(bind_reply_write(reply, &out), ACT_E_TASK_NOT_FOUND);
    act_buf_fini(&out);
}

static void a_value_of_the_wrong_size_is_an_error(void **state)
{
    (void)state;
    ACT_AUTO(bind_reply) *reply = bind_reply_new(&single);
    PGresult *rows = new_rows(&single);
    set(rows, 0, 0, "abc", 3);
    assert_int_equal(bind_reply_add(reply, rows, 0), ACT_E_DATABASE);
    PQclear(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(missing_fields_are_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_become_binary, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_item_is_a_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fields_of_items_are_arrays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_items_are_empty_arrays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_key_with_something_in_it_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_items_are_no_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_are_gathered, set_up, tear_down),
        cmocka_unit_test(rows_become_items),
        cmocka_unit_test(a_row_without_item_fills_the_reply_only),
        cmocka_unit_test(rows_of_several_executions_are_appended),
        cmocka_unit_test(one_without_a_row_is_missing),
        cmocka_unit_test(a_value_of_the_wrong_size_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
