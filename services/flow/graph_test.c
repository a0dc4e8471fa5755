// graph: sound files are loaded, and every way to be wrong is named with file, node and field.
#include "graph.h"

#include "match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "flow: f\nrevision: 1\nstart: a\nnodes:\n"
#define END "  - {node: z, kind: end}\n"
#define MESSAGE "  - {node: a, kind: message, text: question.ask}\n"

// Loads; NULL and a line in `error` when it is not sound.
static graph_t *load(const char *yaml, act_buf_t *error)
{
    graph_t *graph = NULL;
    act_buf_reset(error);
    act_err_t err = graph_load(ACT_STR("f"), act_str(yaml), &graph, error);
    assert_int_equal(err, graph ? ACT_E_OK : ACT_E_INVALID_ARGUMENT);
    assert_int_equal(error->len_bytes > 0, graph == NULL);
    return graph;
}

static void loads_a_sound_file(void **state)
{
    (void)state;
    act_buf_t error;
    act_buf_init(&error, 4096);
    graph_t *graph =
        load(HEAD "  - node: a\n"
                  "    kind: question\n"
                  "    ask: choice\n"
                  "    text: greeting.menu\n"
                  "    save: answer\n"
                  "    next: b\n"
                  "    choices:\n"
                  "      - {value: one, title: answer.yes_button}\n"
                  "      - {value: two, title: answer.no_button, next: c}\n"
                  "      - {flow: other, title: offer.menu_button}\n"
                  "  - {node: b, kind: condition, when: answer, is: one, next: c, else: a}\n"
                  "  - {node: c, kind: set, save: x, value: '', next: d}\n"
                  "  - {node: d, kind: next, flow: f}\n",
             &error);
    assert_non_null(graph);
    assert_string_equal(graph->flow, "f");
    assert_int_equal(graph->nodes_count, 4);
    const node_t *a = graph_node(graph, ACT_STR("a"));
    assert_ptr_equal(graph->start_node, a);
    assert_ptr_equal(a->next_node, graph_node(graph, ACT_STR("b")));
    assert_ptr_equal(a->choices[1].next_node, graph_node(graph, ACT_STR("c")));
    assert_null(a->choices[0].next_node);
    assert_null(graph_node(graph, ACT_STR("e")));
    assert_int_equal(graph->variables_count, 2);
    assert_int_equal(graph_variable(graph, ACT_STR("x")), 1);
    assert_int_equal(graph_variable(graph, ACT_STR("y")), 2);
    graph_destroy(&graph);
    graph_destroy(&graph);
    act_buf_fini(&error);
}

// What is wrong, and what the error must say.
static const struct {
    const char *yaml, *wanted;
} mistakes[] = {
    {"flow: g\nrevision: 1\nstart: a\nnodes:\n" MESSAGE, "f.yaml: field flow: must be the name"},
    {"flow: f\nrevision: 0\nstart: a\nnodes:\n" MESSAGE, "field revision: starts with 1"},
    {"flow: f\nrevision: 1\nstart: q\nnodes:\n" MESSAGE, "field start: there is no node 'q'"},
    {HEAD MESSAGE END, "f.yaml: node z: nothing leads here"},
    {HEAD MESSAGE MESSAGE, "node a: field node: stands twice"},
    {HEAD MESSAGE "  - {node: A b, kind: end}\n", "node A b: field node: not a good name"},
    {HEAD "  - {node: a, kind: message}\n", "node a: field text: is missing"},
    {HEAD "  - {node: a, kind: message, text: no.text}\n",
     "field text: there is no text 'no.text'"},
    {HEAD "  - {node: a, kind: message, text: question.ask, next: q}\n",
     "f.yaml: node a: field next: there is no node 'q'"},
    {HEAD "  - {node: a, kind: message, text: question.ask, save: x}\n",
     "node a: field save: has no meaning in this node"},
    {HEAD "  - {node: a, kind: message, text: projects.line}\n", "nothing sets {project_name}"},
    {HEAD "  - {node: a, kind: message, text: receipt.progress}\n", "nothing sets {updated_title}"},
    {HEAD "  - {node: a, kind: message, text: question.ask, ask: text}\n", "ask: is for questions"},
    {HEAD "  - {node: a, kind: question, text: question.ask, next: a}\n", "ask: is missing"},
    {HEAD "  - {node: a, kind: question, ask: text, text: question.ask, next: a}\n",
     "field save: is missing"},
    {HEAD "  - {node: a, kind: question, ask: text, text: question.ask, save: X, next: a}\n",
     "field save: 'X' is not a good name"},
    {HEAD "  - {node: a, kind: question, ask: text, text: question.ask, save: contact_name, "
          "next: a}\n",
     "field save: 'contact_name' cannot be changed"},
    {HEAD "  - {node: a, kind: question, ask: text, text: question.ask, save: x, next: a, "
          "told: yes}\n",
     "told and filler belong together"},
    {HEAD "  - {node: a, kind: question, ask: number, text: question.ask, save: x, next: a}\n",
     "field min: must be less than max"},
    {HEAD "  - {node: a, kind: question, ask: severity, text: question.ask, save: x, next: a}\n",
     "field label: is missing"},
    {HEAD "  - {node: a, kind: question, ask: severity, text: question.ask, save: x, next: a, "
          "label: question.ask}\n",
     "must be a text that ends with _button"},
    {HEAD "  - {node: a, kind: question, ask: yes_no, text: question.ask, yes: a}\n",
     "field no: is missing"},
    {HEAD "  - {node: a, kind: question, ask: choice, text: question.ask}\n",
     "choices: is missing"},
    {HEAD "  - {node: a, kind: question, ask: choice, text: question.ask, choices: [{value: x, "
          "title: answer.yes_button}]}\n",
     "x leads nowhere"},
    {HEAD "  - {node: a, kind: question, ask: choice, text: question.ask, next: a, choices: "
          "[{value: x, title: question.ask}]}\n",
     "must be a text that ends with _button"},
    {HEAD "  - {node: a, kind: question, ask: choice, text: question.ask, next: a, choices: "
          "[{value: x, title: answer.yes_button}, {value: x, title: answer.no_button}]}\n",
     "x stands twice"},
    {HEAD "  - {node: a, kind: question, ask: choice, text: question.ask, next: a, choices: "
          "[{value: x, flow: y, title: answer.yes_button}]}\n",
     "give either flow, or value"},
    {HEAD "  - {node: a, kind: call, call: drop_tables, next: a}\n",
     "there is no call 'drop_tables'"},
    {HEAD "  - {node: a, kind: call, call: list_projects, next: a}\n", "field empty: is missing"},
    {HEAD "  - {node: a, kind: call, call: create_appointment, next: z}\n" END,
     "nothing sets 'service', which it needs"},
    {HEAD "  - {node: a, kind: condition, when: x, is: y, next: z, else: z}\n" END,
     "nothing sets 'x'"},
    {HEAD "  - {node: a, kind: set, save: x, value: y, next: a}\n", "goes round without asking"},
    {HEAD "  - {node: a, kind: set, save: x, next: z}\n" END, "give either value or text"},
    {HEAD "  - {node: a, kind: handover, text: handover.announced}\n", "field reason: is missing"},
    {HEAD "  - {node: a, kind: next}\n", "field flow: is missing"},
    {HEAD "  - {node: a, kind: leave}\n", "field next: is missing"},
    {HEAD "  - {node: a, kind: question, ask: contact, text: question.ask, next: a}\n",
     "field save: is missing"},
    {HEAD "  - {node: a, kind: question, ask: yes_no, text: question.ask, yes: z, no: z, "
          "corrects: q}\n" END,
     "field corrects: there is no node 'q'"},
    {HEAD "  - {node: a, kind: question, ask: yes_no, text: question.ask, yes: z, no: z, "
          "corrects: z}\n" END,
     "field corrects: 'z' asks for no number or contact"},
    {HEAD "  - {node: a, kind: message, media: image}\n", "link: media and link belong together"},
    {HEAD "  - {node: a, kind: message, text: question.ask, link: 'https://x.io/a'}\n",
     "link: media and link belong together"},
    {HEAD "  - {node: a, kind: message, media: sticker, link: 'https://x.io/a'}\n",
     "field media: is none of image"},
    {HEAD "  - {node: a, kind: message, media: image, link: 'http://x.io/a'}\n",
     "field link: neither an https link nor a variable"},
    {HEAD "  - {node: a, kind: message, media: image, link: plan_url}\n",
     "field link: nothing sets 'plan_url'"},
    {HEAD
     "  - {node: a, kind: message, media: audio, text: question.ask, link: 'https://x.io/a'}\n",
     "field text: audio has no caption"},
    {HEAD "  - {node: a, kind: message, media: image, link: 'https://x.io/a', file_name: a.png}\n",
     "field file_name: is for documents"},
    {HEAD "  - {node: a, kind: end, media: image}\n", "field media: has no meaning in this node"},
};

static void names_file_node_and_field(void **state)
{
    (void)state;
    act_buf_t error;
    act_buf_init(&error, 4096);
    for (size_t i = 0; i < ACT_COUNT(mistakes); i++) {
        assert_null(load(mistakes[i].yaml, &error));
        bool has = match_has(act_buf_str(&error), act_str(mistakes[i].wanted));
        if (!has)
            print_error("case %zu: '%" ACT_STR_FMT "' lacks '%s'\n", i,
                        ACT_STR_ARG(act_buf_str(&error)), mistakes[i].wanted);
        assert_true(has);
        assert_true(act_str_starts_with(act_buf_str(&error), "f.yaml:"));
    }
    act_buf_fini(&error);
}

static void confirms_only_with_a_receipt(void **state)
{
    (void)state;
    static const char booking[] = HEAD
        "  - {node: a, kind: question, ask: text, text: question.ask, save: service, next: b}\n"
        "  - {node: b, kind: question, ask: text, text: question.ask, save: wanted, next: c}\n"
        "  - {node: c, kind: call, call: create_appointment, next: d}\n"
        "  - {node: d, kind: message, text: receipt.appointment";
    static const struct {
        const char *end, *wanted;
    } cases[] = {
        {"}\n", "field receipt_of: is missing"},
        {", receipt_of: a}\n", "'a' is not a call that writes"},
        {", receipt_of: q}\n", "'q' is not a call that writes"},
    };
    act_buf_t error;
    act_buf_init(&error, 4096);
    char yaml[2048];
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        snprintf(yaml, sizeof yaml, "%s%s", booking, cases[i].end);
        assert_null(load(yaml, &error));
        assert_true(match_has(act_buf_str(&error), act_str(cases[i].wanted)));
    }
    snprintf(yaml, sizeof yaml, "%s, receipt_of: c}\n", booking);
    graph_t *graph = load(yaml, &error);
    assert_non_null(graph);
    graph_destroy(&graph);
    act_buf_fini(&error);
}

static void refuses_hostile_yaml(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "\t",
        "x",
        "- a",
        "{",
        "[[[[[[[[[[",
        "!!python/object:os.system x",
        "%YAML 9.9\n---\n",
        "flow: [f]\nrevision: 1\nstart: a\nnodes: []\n",
        "flow: f\nrevision: 1\nstart: a\nnodes: []\n",
        "flow: f\nrevision: 1\nstart: a\n",
        "flow: f\nrevision: -1\nstart: a\nnodes:\n" MESSAGE,
        "flow: f\nrevision: 99999999999999999999\nstart: a\nnodes:\n" MESSAGE,
        "flow: &x f\nrevision: 1\nstart: *x\nnodes:\n" MESSAGE,
        HEAD "  - {node: a, kind: destroy}\n",
        HEAD "  - {node: a, kind: 3}\n",
        HEAD "  - {node: a, kind: message, text: question.ask, nxt: b}\n",
        HEAD "  - {kind: message, text: question.ask}\n",
        HEAD "  - {node: a, kind: message, text: {a: b}}\n",
        HEAD "  - {node: a, kind: message, text: question.ask, max: 99999999999999999999}\n",
        HEAD "  - {node: \"a\\x01\", kind: end}\n",
        HEAD MESSAGE "---\n" HEAD MESSAGE,
        HEAD "  - {node: a, kind: message, text: question.ask, text: question.ask}\n",
        "nodes: []\n" HEAD MESSAGE,
        HEAD MESSAGE "  - [[[[[[[[[[a]]]]]]]]]]\n",
        HEAD "  - a\n",
        HEAD "  - {node: a, kind: message, text: question.ask\n",
        "a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n",
    };
    act_buf_t error;
    act_buf_init(&error, 4096);
    for (size_t i = 0; i < ACT_COUNT(texts); i++) {
        graph_t *graph = load(texts[i], &error);
        if (graph)
            print_error("case %zu was accepted\n", i);
        assert_null(graph);
    }
    act_buf_fini(&error);
}

static void refuses_what_is_too_large(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_buf_t error;
    act_buf_init(&error, 4096);
    char *long_text = act_arena_alloc(arena, GRAPH_MAX_BYTES + 2);
    memset(long_text, '#', GRAPH_MAX_BYTES + 1);
    assert_null(load(long_text, &error));
    act_buf_t yaml;
    act_buf_init(&yaml, GRAPH_MAX_BYTES);
    act_buf_add_str(&yaml, ACT_STR(HEAD));
    for (int i = 0; i < GRAPH_MAX_NODES + 1; i++)
        act_buf_printf(&yaml, "  - {node: n%d, kind: end}\n", i);
    act_buf_add_char(&yaml, '\0');
    assert_null(load(yaml.ptr, &error));
    act_buf_reset(&yaml);
    act_buf_printf(&yaml, HEAD "  - {node: a, kind: message, text: %0300d}\n", 1);
    act_buf_add_char(&yaml, '\0');
    assert_null(load(yaml.ptr, &error));
    assert_null(load("flow: \xff\n", &error));
    act_buf_fini(&yaml);
    act_buf_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_a_sound_file),           cmocka_unit_test(names_file_node_and_field),
        cmocka_unit_test(confirms_only_with_a_receipt), cmocka_unit_test(refuses_hostile_yaml),
        cmocka_unit_test(refuses_what_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
