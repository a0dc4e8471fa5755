// children_test: what parley.yaml may say, what its defaults are, and how a mistake is explained.
#include "children.h"

#include "harness/text_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct {
    text_file_t file;
    children_t *children;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    if (!text_file_init(&self->file))
        return -1;
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    text_file_fini(&self->file);
    children_destroy(&self->children);
    children_destroy(&self->children); // twice is allowed
    act_free(self);
    return 0;
}

static act_err_t load(fixture_t *self, const char *text)
{
    text_file_write(&self->file, text);
    children_destroy(&self->children);
    return children_load(self->file.path, &self->children, &self->file.error);
}

static const child_spec_t *load_one(fixture_t *self, const char *text)
{
    act_err_t err = load(self, text);
    if (err != ACT_E_OK)
        fail_msg("%.*s", ACT_STR_ARG(act_buf_str(&self->file.error)));
    assert_true(self->children->children_count > 0);
    return &self->children->children[0];
}

// The one line must name the file and this.
static void assert_refused(fixture_t *self, const char *text, const char *part)
{
    if (load(self, text) != ACT_E_CONFIG)
        fail_msg("accepted: %s", text);
    assert_null(self->children);
    assert_null(strchr(text_file_error(&self->file, part), '\n'));
}

static void a_name_is_enough(void **state)
{
    fixture_t *self = *state;
    const child_spec_t *child = load_one(self, "children:\n  - name: session\n");
    assert_string_equal(child->name, "session");
    assert_null(child->service);
    assert_int_equal(child->count, 1);
    assert_int_equal(child->order, 0);
    assert_int_equal(child->restart, RESTART_PERMANENT);
    assert_int_equal(child->start_ms, 5000);
    assert_int_equal(child->stop_ms, 10000);
    assert_int_equal(child->hang_ms, 15000);
    assert_int_equal(child->intensity_count, 5);
    assert_int_equal(child->intensity_ms, 30000);
    assert_int_equal(child->backoff_ms, 100);
    assert_int_equal(child->backoff_max_ms, 10000);
    assert_int_equal(child->park_ms, 60000);
    assert_int_equal(child->probation_ms, 2000);
    assert_int_equal(child->ping_ms, 1500);
    assert_int_equal(child->strategy, STRATEGY_ONE_FOR_ONE);
    assert_null(child->exec);
    assert_null(child->limits);
    assert_false(child->is_single);
    assert_false(child->has_listener);
}

static void groups_limits_and_programs_are_read(void **state)
{
    fixture_t *self = *state;
    const child_spec_t *child = load_one(
        self,
        "groups:\n  - {name: data, strategy: rest_for_one}\n  - {name: all, strategy: "
        "one_for_all}\n"
        "children:\n  - name: session\n    exec: /opt/x\n    args: [\"-v\", \"two\"]\n"
        "    group: data\n    ping_ms: 7\n    probation_ms: 8\n    is_single: true\n"
        "    limits: {address_space_mb: 512, open_files_count: 64, core_mb: 0, cpu_s: 9, nice: -3, realtime: 2}\n");
    assert_string_equal(child->exec, "/opt/x");
    assert_int_equal(child->args_count, 2);
    assert_int_equal(child->strategy, STRATEGY_REST_FOR_ONE);
    assert_int_equal(child->ping_ms, 7);
    assert_int_equal(child->probation_ms, 8);
    assert_true(child->is_single);
    assert_int_equal(*child->limits->address_space_mb, 512);
    assert_int_equal(*child->limits->open_files_count, 64);
    assert_int_equal(*child->limits->core_mb, 0); // none, which is not "like ours"
    assert_int_equal(*child->limits->cpu_s, 9);
    assert_int_equal(*child->limits->nice, -3);
    assert_int_equal(*child->limits->realtime, 2);
}

// Where, and how it is meant.
static void a_mistake_comes_with_its_line_and_an_example(void **state)
{
    fixture_t *self = *state;
    static const struct {
        const char *text;
        const char *place;
        const char *example;
    } rows[] = {
        {"children:\n  - name: a\n    count: many\n", ":3: ", "(example: count: 2)"},
        {"children:\n  - name: a\n    restart: sometimes\n",
         ":3: ", "(example: restart: permanent, transient or temporary)"},
        {"children:\n  - name: a\n    order: 1001\n", "children[a].order", "(example: order: 2)"},
        {"children:\n  - name: a\n    start_ms: 99999999\n", "children[a].start_ms",
         "(example: start_ms: 5000)"},
        {"children:\n  - name: a\n    group: g\n", "children[a].group is not in groups",
         "(example: group: data)"},
        {"children:\n  - name: a\n    is_single: true\n    count: 2\n", "children[a].count", "2"},
        {"children:\n  - name: a\n    limits: {realtime: 0}\n", "children[a].realtime",
         "(example: realtime: 1)"},
        {"children:\n  - name: a\n    limits: {nice: 40}\n", "children[a].nice",
         "(example: nice: 5)"},
        {"children:\n  - name: a\n    limits: {open_files_count: 3}\n",
         "children[a].open_files_count", "(example: open_files_count: 4096)"},
        {"children:\n  - name: a\n    backoff_ms: 10\n    backoff_max_ms: 5\n",
         "children[a].backoff_max_ms", "(example: backoff_max_ms: 10000)"},
        {"children:\n  - name: \"a b\"\n", "children[a b].name", "(example: name: session)"},
        {"groups: [{name: g, strategy: all}]\nchildren:\n  - name: a\n",
         ":1: ", "(example: strategy: one_for_one, rest_for_one or one_for_all)"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        assert_refused(self, rows[i].text, rows[i].place);
        assert_refused(self, rows[i].text, rows[i].example);
    }
}

static void every_field_may_be_set(void **state)
{
    fixture_t *self = *state;
    const child_spec_t *child = load_one(
        self, "children:\n  - name: session\n    service: talk\n    count: 64\n    order: 1000\n"
              "    needs: [persistence, flow]\n    restart: transient\n    start_ms: 1\n"
              "    stop_ms: 2\n    hang_ms: 3\n    intensity_count: 4\n    intensity_ms: 5\n"
              "    backoff_ms: 6\n    backoff_max_ms: 7\n    park_ms: 8\n"
              "    settings: [\"a=1\", \"b=two words\"]\n    has_listener: true\n"
              "  - {name: persistence}\n  - {name: flow}\n");
    assert_string_equal(child->service, "talk");
    assert_int_equal(child->count, 64);
    assert_int_equal(child->order, 1000);
    assert_int_equal(child->needs_count, 2);
    assert_string_equal(child->needs[1], "flow");
    assert_int_equal(child->restart, RESTART_TRANSIENT);
    assert_int_equal(child->park_ms, 8);
    assert_int_equal(child->settings_count, 2);
    assert_string_equal(child->settings[1], "b=two words");
    assert_true(child->has_listener);
}

static void mistakes_are_named(void **state)
{
    fixture_t *self = *state;
    static const struct {
        const char *text;
        const char *part;
    } rows[] = {
        {"", ""},
        {"children: []\n", ""},
        {"kids:\n  - name: a\n", "kids"},
        {"children:\n  - nome: a\n", "nome"},
        {"children:\n  - count: 2\n", "name"},
        {"children:\n  - name: a\n    count: many\n", "many"},
        {"children:\n  - name: a\n    count: -1\n",
         "nvalid"}, // how it is called is libcyaml's affair
        {"children:\n  - name: a\n    count: 65\n", "children[a].count must be at most 64"},
        {"children:\n  - name: a\n    count: 4294967297\n", ""},
        {"children:\n  - name: a\n    order: 1001\n", "children[a].order must be at most 1000"},
        {"children:\n  - name: a\n    restart: sometimes\n", "sometimes"},
        {"children:\n  - name: a\n  - name: b\n  - name: a\n", "children[a] is there twice"},
        {"children:\n  - name: \"\"\n", ""},
        {"children: {a: b}\n", ""},
        {"children:\n\t- name: a\n", ""},
        {"children:\n  - name: a\n    needs: a\n", ""},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_refused(self, rows[i].text, rows[i].part);
}

static void names_have_their_longest_length(void **state)
{
    fixture_t *self = *state;
    char text[256];
    snprintf(text, sizeof text, "children:\n  - name: %048d\n", 1);
    load_one(self, text);
    snprintf(text, sizeof text, "children:\n  - name: %049d\n", 1);
    assert_refused(self, text, "");
}

// What nobody offers never becomes ready, and who waits for it never starts.
static void needs_that_nobody_offers_are_refused(void **state)
{
    fixture_t *self = *state;
    assert_refused(self, "children:\n  - name: a\n    needs: [b]\n", "needs b");
    assert_refused(self, "children:\n  - name: a\n    needs: [a]\n", "needs");
    assert_refused(self, "children:\n  - name: a\n    needs: [b]\n  - name: b\n    needs: [a]\n",
                   "needs");
    assert_int_equal(
        load(self, "children:\n  - name: a\n    needs: [talk]\n  - name: b\n    service: talk\n"),
        ACT_E_OK);
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    fixture_t *self = *state;
    assert_int_equal(children_load("/none/parley.yaml", &self->children, &self->file.error),
                     ACT_E_CONFIG);
    act_buf_add_char(&self->file.error, '\0');
    assert_non_null(strstr(self->file.error.ptr, "/none/parley.yaml"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_enough),
        TEST(groups_limits_and_programs_are_read),
        TEST(a_mistake_comes_with_its_line_and_an_example),
        TEST(every_field_may_be_set),
        TEST(mistakes_are_named),
        TEST(names_have_their_longest_length),
        TEST(needs_that_nobody_offers_are_refused),
        TEST(a_file_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
