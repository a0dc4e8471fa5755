// say: limits of channels, dates, labels, long lists.
#include "say.h"

#include "match.h"
#include "talk_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const flow_run_request_t request = {
    .contact_name = ACT_STR_INIT("  Ana\nBuy at example.com"),
    .business_name = ACT_STR_INIT("Casa Nova"),
};

static state_t state_at(const talk_fake_t *talk, const char *flow, const char *node)
{
    state_t state = {.graph = flows_find(talk->flows, act_str(flow))};
    state.node = graph_node(state.graph, act_str(node));
    state.vars = vars_new(talk->arena, state.graph, &request);
    return state;
}

static void shows_names_but_not_what_hides_behind(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    say_t say = {.arena = talk->arena, .language = ACT_STR("en")};
    state_t at = state_at(talk, "greeting", "menu");
    assert_true(act_str_is(say_render(&say, &at, "greeting.menu"),
                           "Hello Ana and welcome to Casa Nova! How can I help you?"));
}

static void shortens_what_customers_wrote(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    say_t say = {.arena = talk->arena, .language = ACT_STR("ar")};
    state_t at = state_at(talk, "report_incident", "confirm");
    char *text = act_arena_alloc(talk->arena, 4001);
    for (size_t i = 0; i < 4000; i += 2)
        memcpy(text + i, "é", 2);
    vars_set(&at.vars, ACT_STR("description"), act_str(text));
    vars_set(&at.vars, ACT_STR("location"), act_str(text));
    vars_set(&at.vars, ACT_STR("severity"), ACT_STR("low"));
    say_question(&say, &at, act_str(text));
    assert_int_equal(say.count, 1);
    act_str_t body = say.messages[0].text;
    assert_true(act_utf8_valid(body));
    assert_int_equal(act_utf8_count(body), 1024);
}

static void shows_dates_and_labels_in_the_language(void **state)
{
    (void)state;
    static const struct {
        const char *language, *due, *wanted;
    } cases[] = {
        {"en", "2026-12-01", "2026-12-01"}, {"fr", "2026-12-01", "01/12/2026"},
        {"de", "2026-12-01", "01.12.2026"}, {"pl", "soon", "soon"},
        {"de", "", "50 %, in Arbeit"},
    };
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        say_t say = {.arena = talk->arena, .language = act_str(cases[i].language)};
        state_t at = state_at(talk, "view_tasks", "show");
        const call_t *call = call_find(ACT_STR("list_tasks"));
        act_str_t *cells;
        at.rows = rows_new(talk->arena, call->columns, call->columns_count, 1, &cells);
        cells[1] = ACT_STR("Roof");
        cells[3] = ACT_STR("in_progress");
        cells[4] = ACT_STR("50");
        cells[5] = act_str(cases[i].due);
        say_message(&say, &at, at.node);
        assert_true(match_has(say.messages[0].text, act_str(cases[i].wanted)));
    }
}

static void cuts_long_lists_of_lines(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    say_t say = {.arena = talk->arena, .language = ACT_STR("en")};
    state_t at = state_at(talk, "view_documents", "show");
    const call_t *call = call_find(ACT_STR("list_documents"));
    char url[2001] = "https://example.com/";
    memset(url + 20, 'x', 1980);
    act_str_t *cells;
    at.rows = rows_new(talk->arena, call->columns, call->columns_count, 5, &cells);
    for (size_t row = 0; row < 5; row++) {
        cells[row * 4 + 1] = ACT_STR("Plan");
        cells[row * 4 + 3] = act_str(url);
    }
    say_message(&say, &at, at.node);
    act_str_t text = say.messages[0].text;
    assert_true(act_utf8_count(text) <= 4096);
    assert_true(match_has(text, act_str(url))); // addresses are whole or not there
    assert_true(match_has(text, ACT_STR("… and 4 more")));
}

static void says_no_more_than_a_reply_holds(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    say_t say = {.arena = talk->arena, .language = ACT_STR("en")};
    state_t at = state_at(talk, "greeting", "menu");
    for (int i = 0; i < SAY_MAX_MESSAGES; i++)
        say_text(&say, ACT_STR("x"));
    assert_false(say.is_overflowed);
    say_question(&say, &at, (act_str_t){0});
    assert_true(say.is_overflowed);
    assert_int_equal(say.count, SAY_MAX_MESSAGES);
}

// A flow of its own: a fixed image, then a document whose link is a variable.
static graph_t *media_graph(void)
{
    static const char yaml[] =
        "flow: f\nrevision: 1\nstart: a\nnodes:\n"
        "  - {node: a, kind: question, ask: text, text: question.ask, save: url, next: image}\n"
        "  - {node: image, kind: message, media: image, link: 'https://example.com/a.png', text: "
        "question.ask, next: document}\n"
        "  - {node: document, kind: message, media: document, link: url, file_name: plan.pdf}\n";
    graph_t *graph = NULL;
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_err_t err = graph_load(ACT_STR("f"), act_str(yaml), &graph, &error);
    if (err != ACT_E_OK)
        print_error("%" ACT_STR_FMT "\n", ACT_STR_ARG(act_buf_str(&error)));
    act_buf_fini(&error);
    assert_int_equal(err, ACT_E_OK);
    return graph;
}

static void says_files_by_their_links(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    say_t say = {.arena = arena, .language = ACT_STR("en")};
    graph_t *graph = media_graph();
    state_t at = {.graph = graph, .vars = vars_new(arena, graph, &request)};
    say_message(&say, &at, graph_node(graph, ACT_STR("image")));
    vars_set(&at.vars, ACT_STR("url"), ACT_STR("https://example.com/plan?id=7"));
    say_message(&say, &at, graph_node(graph, ACT_STR("document")));
    vars_set(&at.vars, ACT_STR("url"), ACT_STR(""));
    say_message(&say, &at, graph_node(graph, ACT_STR("document")));
    assert_int_equal(say.count, 2); // without link and caption there is nothing to say
    const outbound_content_t *image = &say.messages[0], *document = &say.messages[1];
    assert_true(act_str_is(image->type, "image"));
    assert_true(act_str_is(image->media_url, "https://example.com/a.png"));
    assert_true(act_str_starts_with(image->text, "What would you like"));
    assert_true(act_str_is(document->type, "document"));
    assert_true(act_str_is(document->media_url, "https://example.com/plan?id=7"));
    assert_true(act_str_is(document->file_name, "plan.pdf"));
    assert_true(act_str_empty(document->text));
    graph_destroy(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_names_but_not_what_hides_behind),
        cmocka_unit_test(shortens_what_customers_wrote),
        cmocka_unit_test(shows_dates_and_labels_in_the_language),
        cmocka_unit_test(cuts_long_lists_of_lines),
        cmocka_unit_test(says_files_by_their_links),
        cmocka_unit_test(says_no_more_than_a_reply_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
