// answer: what customers write to each kind of question, in nine languages.
#include "answer.h"

#include "talk_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const kinds[] = {
    [ANSWER_UNCLEAR] = "unclear", [ANSWER_TOO_LONG] = "too long", [ANSWER_STALE] = "stale",
    [ANSWER_TAKEN] = "taken",     [ANSWER_MORE] = "more",         [ANSWER_STOP] = "stop",
    [ANSWER_FLOW] = "flow",       [ANSWER_OTHER] = "other",
};

static const char *const columns[] = {"task_id", "task_title"};

// A state of the question, with three rows.
static state_t question(const talk_fake_t *talk, const char *flow, const char *node)
{
    act_str_t *cells;
    state_t state = {.graph = flows_find(talk->flows, act_str(flow))};
    state.node = graph_node(state.graph, act_str(node));
    assert_non_null(state.node);
    state.rows = rows_new(talk->arena, columns, 2, 3, &cells);
    const act_str_t titles[] = {ACT_STR("Tiling of the bathroom"), ACT_STR("Roof"),
                                ACT_STR("Tiling of the kitchen")};
    for (uint32_t i = 0; i < ACT_COUNT(titles); i++) {
        cells[2 * i] = act_arena_printf(talk->arena, "t-%u", i + 1);
        cells[2 * i + 1] = titles[i];
    }
    return state;
}

typedef struct {
    const char *language, *text;
    answer_kind_t kind;
    const char *value;
} case_t;

static void check(const char *flow, const char *node, const case_t cases[], size_t count)
{
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    state_t state = question(talk, flow, node);
    for (size_t i = 0; i < count; i++) {
        const flow_run_request_t request = {
            .text = act_str(cases[i].text),
            .language = act_str(cases[i].language),
        };
        answer_t answer = answer_read(talk->flows, &state, &request, talk->arena);
        bool is_right = answer.kind == cases[i].kind &&
                        (!cases[i].value || act_str_is(answer.value, cases[i].value));
        if (!is_right)
            print_error("%s '%s': %s '%" ACT_STR_FMT "'\n", cases[i].language, cases[i].text,
                        kinds[answer.kind], ACT_STR_ARG(answer.value));
        assert_true(is_right);
    }
}

static void reads_severities(void **state)
{
    (void)state;
    static const case_t cases[] = {
        {"en", "High", ANSWER_TAKEN, "high"},
        {"en", "critical!", ANSWER_TAKEN, "critical"},
        {"en", "not urgent", ANSWER_TAKEN, "low"},
        {"en", "2", ANSWER_TAKEN, "medium"},
        {"en", "5", ANSWER_UNCLEAR, NULL},
        {"en", "blue", ANSWER_UNCLEAR, NULL},
        {"fr", "grave", ANSWER_TAKEN, "high"},
        {"fr", "Très grave", ANSWER_TAKEN, "critical"},
        {"de", "mittel", ANSWER_TAKEN, "medium"},
        {"de", "Lebensgefahr", ANSWER_TAKEN, "critical"},
        {"es", "Crítica", ANSWER_TAKEN, "critical"},
        {"pt", "médio", ANSWER_TAKEN, "medium"},
        {"it", "bassa", ANSWER_TAKEN, "low"},
        {"ro", "ridicată", ANSWER_TAKEN, "high"},
        {"pl", "średnia", ANSWER_TAKEN, "medium"},
        {"ar", "حرجة", ANSWER_TAKEN, "critical"},
        {"ar", "٣", ANSWER_TAKEN, "high"},
        {"en", "", ANSWER_UNCLEAR, NULL},
        {"en", "👍", ANSWER_UNCLEAR, NULL},
        {"en", "stop", ANSWER_STOP, NULL},
    };
    check("report_incident", "severity", cases, ACT_COUNT(cases));
}

static void reads_percents(void **state)
{
    (void)state;
    static const case_t cases[] = {
        {"en", "80", ANSWER_TAKEN, "80"},
        {"en", "80%", ANSWER_TAKEN, "80"},
        {"en", "about 80 %", ANSWER_TAKEN, "80"},
        {"en", "0", ANSWER_TAKEN, "0"},
        {"en", "100 percent", ANSWER_TAKEN, "100"},
        {"en", "101", ANSWER_UNCLEAR, NULL},
        {"en", "-5", ANSWER_UNCLEAR, NULL},
        {"en", "12.5", ANSWER_UNCLEAR, NULL},
        {"en", "task 3 will be ready", ANSWER_UNCLEAR, NULL},
        {"en", "we are at 80 percent now", ANSWER_TAKEN, "80"},
        {"en", "from 20% to 40%", ANSWER_UNCLEAR, NULL},
        {"en", "Done!", ANSWER_TAKEN, "100"},
        {"fr", "terminé", ANSWER_TAKEN, "100"},
        {"fr", "on est à 60 pourcent", ANSWER_TAKEN, "60"},
        {"de", "ungefähr 70 Prozent jetzt", ANSWER_TAKEN, "70"},
        {"ar", "٨٠٪", ANSWER_TAKEN, "80"},
        {"ar", "وصل ٤٥ بالمية اليوم", ANSWER_TAKEN, "45"},
        {"pl", "mamy już 75 procent", ANSWER_TAKEN, "75"},
        {"ro", "suntem la 40 la suta", ANSWER_TAKEN, "40"},
        {"pt", "tudo pronto", ANSWER_TAKEN, "100"},
        {"en", "soon", ANSWER_UNCLEAR, NULL},
    };
    check("update_progress", "percent", cases, ACT_COUNT(cases));
}

static void reads_picks(void **state)
{
    (void)state;
    static const case_t cases[] = {
        {"en", "2", ANSWER_TAKEN, "t-2"},
        {"en", "roof", ANSWER_TAKEN, "t-2"},
        {"en", "the roofs", ANSWER_TAKEN, "t-2"},
        {"en", "tiling", ANSWER_UNCLEAR, NULL},
        {"en", "kitchen tiling", ANSWER_TAKEN, "t-3"},
        {"en", "4", ANSWER_UNCLEAR, NULL},
        {"en", "0", ANSWER_UNCLEAR, NULL},
        {"en", "garden", ANSWER_UNCLEAR, NULL},
        {"en", "TILING OF THE BATHROOM", ANSWER_TAKEN, "t-1"},
        {"en", "more", ANSWER_UNCLEAR, NULL}, // there is only one page
        {"en", "!!!", ANSWER_UNCLEAR, NULL},
    };
    check("update_progress", "which_task", cases, ACT_COUNT(cases));
}

static void reads_the_menu(void **state)
{
    (void)state;
    static const case_t cases[] = {
        {"en", "Report a problem", ANSWER_FLOW, "report_incident"},
        {"fr", "signaler un probleme", ANSWER_FLOW, "report_incident"},
        {"ar", "المهام", ANSWER_FLOW, "view_tasks"},
        {"en", "9", ANSWER_FLOW, "escalate_to_human"},
        {"en", "10", ANSWER_OTHER, NULL},
        {"en", "how much is a haircut", ANSWER_OTHER, NULL},
        {"en", "stop", ANSWER_OTHER, NULL}, // nothing is under way that could stop
    };
    check("greeting", "menu", cases, ACT_COUNT(cases));
}

static void reads_texts(void **state)
{
    (void)state;
    static const case_t cases[] = {
        {"en", "  in the\nkitchen\x01 ", ANSWER_TAKEN, "in the\nkitchen"},
        {"en", "no", ANSWER_TAKEN, "no"},
        {"en", "\x01\x02", ANSWER_UNCLEAR, NULL},
        {"en", "", ANSWER_UNCLEAR, NULL},
        {"en", "Never mind.", ANSWER_STOP, NULL},
        {"en", "never mind the mess in the hall", ANSWER_TAKEN, NULL},
    };
    check("report_incident", "where", cases, ACT_COUNT(cases));
}

static void reads_buttons(void **state)
{
    (void)state;
    static const struct {
        const char *flow, *node, *id;
        answer_kind_t kind;
        const char *value;
    } cases[] = {
        {"report_incident", "severity", "report_incident.severity:high", ANSWER_TAKEN, "high"},
        {"report_incident", "severity", "report_incident.severity:blue", ANSWER_STALE, NULL},
        {"report_incident", "severity", "report_incident.confirm:yes", ANSWER_STALE, NULL},
        {"report_incident", "confirm", "report_incident.confirm:yes", ANSWER_TAKEN, "yes"},
        {"report_incident", "confirm", "report_incident.confirm:maybe", ANSWER_STALE, NULL},
        {"report_incident", "where", "report_incident.where:x", ANSWER_STALE, NULL},
        {"update_progress", "percent", "update_progress.percent:50", ANSWER_TAKEN, "50"},
        {"update_progress", "percent", "update_progress.percent:500", ANSWER_STALE, NULL},
        {"update_progress", "which_task", "update_progress.which_task:t-3", ANSWER_TAKEN, "t-3"},
        {"update_progress", "which_task", "update_progress.which_task:t-9", ANSWER_STALE, NULL},
        {"update_progress", "which_task", "update_progress.which_task:more", ANSWER_MORE, NULL},
        {"update_progress", "which_task", "menu:greeting", ANSWER_FLOW, "greeting"},
        {"update_progress", "which_task", "menu:", ANSWER_OTHER, NULL},
        {"update_progress", "which_task", "handoff:yes", ANSWER_OTHER, NULL},
        {"update_progress", "which_task", "x", ANSWER_OTHER, NULL},
    };
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        state_t at = question(talk, cases[i].flow, cases[i].node);
        const flow_run_request_t request = {
            .text = ACT_STR("stop"), // the title does not matter
            .choice_id = act_str(cases[i].id),
            .language = ACT_STR("en"),
            .intent = ACT_STR("escalate_to_human"),
            .confidence = 1,
        };
        answer_t answer = answer_read(talk->flows, &at, &request, talk->arena);
        if (answer.kind != cases[i].kind)
            print_error("%s at %s: %s\n", cases[i].id, cases[i].node, kinds[answer.kind]);
        assert_int_equal(answer.kind, cases[i].kind);
        assert_true(!cases[i].value || act_str_is(answer.value, cases[i].value));
    }
}

static void hears_what_was_told_already(void **state)
{
    (void)state;
    static const struct {
        const char *language, *flow, *node, *first, *value; // value NULL: nothing told
    } cases[] = {
        {"en", "report_incident", "what", "Hi, water is leaking from the roof", NULL},
        {"en", "update_progress", "percent", "tiling is 80% done", "80"},
        {"en", "update_progress", "percent", "task 3 is done", NULL},
        {"en", "update_progress", "percent", "done", NULL},
        {"de", "update_progress", "percent", "fliesen sind zu 80 prozent fertig", "80"},
        {"en", "update_progress", "which_task", "roof at 90%", "t-2"},
        {"en", "update_progress", "which_task", "tiling 90%", NULL},
        {"en", "update_progress", "which_task", "1", NULL},
        {"en", "update_progress", "which_task", "", NULL},
    };
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        state_t at = question(talk, cases[i].flow, cases[i].node);
        at.first = act_str(cases[i].first);
        answer_t answer = answer_told(&at, act_str(cases[i].language), talk->arena);
        bool is_text = at.node->ask == ASK_TEXT;
        const char *value = is_text ? cases[i].first : cases[i].value;
        assert_int_equal(answer.kind, value ? ANSWER_TAKEN : ANSWER_UNCLEAR);
        assert_true(!value || act_str_is(answer.value, value));
    }
}

static void needs_a_whole_title_when_it_sounds_like_another_subject(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    state_t at = question(talk, "update_progress", "which_task");
    flow_run_request_t request = {
        .text = ACT_STR("show me the documents of the roof"),
        .language = ACT_STR("en"),
        .intent = ACT_STR("view_documents"),
        .confidence = 0.95,
    };
    assert_int_equal(answer_read(talk->flows, &at, &request, talk->arena).kind, ANSWER_OTHER);
    request.text = ACT_STR("roof");
    assert_int_equal(answer_read(talk->flows, &at, &request, talk->arena).kind, ANSWER_TAKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_severities),
        cmocka_unit_test(reads_percents),
        cmocka_unit_test(reads_picks),
        cmocka_unit_test(reads_the_menu),
        cmocka_unit_test(reads_texts),
        cmocka_unit_test(reads_buttons),
        cmocka_unit_test(hears_what_was_told_already),
        cmocka_unit_test(needs_a_whole_title_when_it_sounds_like_another_subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
