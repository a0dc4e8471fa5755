// answer: one row a kind of question, then the order of verdicts.
#include "answer.h"

#include "contact.h"
#include "match.h"
#include "page.h"
#include "texts/texts.h"
#include "texts/words.h"

#include <string.h>

#define MENU "menu:"
#define MORE "more"
// Words of a title that are looked for: in an answer, and in a sentence that was no answer, where
// "the" and "les" would be found too often.
#define TITLE_MIN_CHARS 3
#define TOLD_MIN_CHARS 4

typedef struct {
    const state_t *state;
    act_str_t text; // trimmed
    act_str_t folded;
    act_str_t language;
    uint32_t title_min_chars; // shorter words say nothing about which title is meant
    bool must_be_exact;       // a part of a title is not enough
    act_arena_t *arena;
} input_t;

static const answer_t unclear = {.kind = ANSWER_UNCLEAR};

static answer_t taken(act_str_t value, uint32_t index)
{
    return (answer_t){ANSWER_TAKEN, value, index};
}

// --- ids -----------------------------------------------------------------------------------------

static act_str_t id_prefix(act_arena_t *arena, const graph_t *graph, const node_t *node)
{
    return act_arena_printf(arena, "%s.%s:", graph->flow, node->node);
}

act_str_t answer_id(act_arena_t *arena, const graph_t *graph, const node_t *node, act_str_t value)
{
    return act_arena_printf(arena, "%s.%s:%" ACT_STR_FMT, graph->flow, node->node,
                            ACT_STR_ARG(value));
}

act_str_t answer_menu_id(act_arena_t *arena, act_str_t flow)
{
    return act_arena_printf(arena, MENU "%" ACT_STR_FMT, ACT_STR_ARG(flow));
}

act_str_t answer_menu_flow(act_str_t choice_id)
{
    size_t skip_bytes = strlen(MENU);
    if (!act_str_starts_with(choice_id, MENU))
        return (act_str_t){0};
    return act_str_of(choice_id.ptr + skip_bytes, choice_id.len_bytes - skip_bytes);
}

// --- reading texts, by kind of question ----------------------------------------------------------

// Letters, lines and tabs stay; other control characters do not.
static act_str_t clean_text(act_arena_t *arena, act_str_t text)
{
    char *clean = act_arena_alloc(arena, text.len_bytes + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.len_bytes; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 ? c != 0x7F : c == '\n' || c == '\t')
            clean[length++] = text.ptr[i];
    }
    return act_str_trim(act_str_of(clean, length));
}

static answer_t read_text(const input_t *in)
{
    const node_t *node = in->state->node;
    act_str_t text = clean_text(in->arena, in->text);
    if (act_str_empty(text))
        return unclear;
    if (act_utf8_count(text) > (node->max_chars ? node->max_chars : ANSWER_MAX_CHARS))
        return (answer_t){.kind = ANSWER_TOO_LONG};
    return taken(text, 0);
}

static bool is_title(const input_t *in, act_str_t title)
{
    return act_str_eq(act_word_fold(in->arena, title), in->folded);
}

// The text is a number from 1 to count: a place in what was shown. On channels without lists
// choices are shown with numbers.
static bool read_place(const input_t *in, uint32_t count, uint32_t *ret_index)
{
    int64_t place = 0;
    if (!act_str_to_int(in->folded, &place) || place < 1 || place > count)
        return false;
    *ret_index = (uint32_t)place - 1;
    return true;
}

static answer_t take_option(const node_t *node, uint32_t index)
{
    const option_t *option = &node->choices[index];
    if (option->flow)
        return (answer_t){ANSWER_FLOW, act_str(option->flow), index};
    return taken(act_str(option->value), index);
}

static answer_t read_choice(const input_t *in)
{
    const node_t *node = in->state->node;
    uint32_t index = 0;
    if (read_place(in, node->choices_count, &index))
        return take_option(node, index);
    for (index = 0; index < node->choices_count; index++)
        if (is_title(in, act_text(node->choices[index].title, in->language)))
            return take_option(node, index);
    return unclear;
}

static answer_t read_yes_no(const input_t *in)
{
    uint32_t place = 0;
    if (read_place(in, 2, &place))
        return taken(place == 0 ? ACT_STR("yes") : ACT_STR("no"), 0);
    if (in->state->node->cancel_is_yes && act_word_is_anywhere("words.cancel", in->text))
        return taken(ACT_STR("yes"), 0);
    act_word_answer_t answer = act_word_answer(in->language, in->text);
    if (answer == ACT_WORD_NEITHER)
        return unclear;
    return taken(answer == ACT_WORD_YES ? ACT_STR("yes") : ACT_STR("no"), 0);
}

static const char *const severities[] = {"low", "medium", "high", "critical"};

static answer_t read_severity(const input_t *in)
{
    for (uint32_t i = 0; i < ACT_COUNT(severities); i++) {
        act_str_t key = act_arena_printf(in->arena, "words.%s", severities[i]);
        if (act_word_is_anywhere(key.ptr, in->text))
            return taken(act_str(severities[i]), i);
    }
    return unclear;
}

static answer_t read_number(const input_t *in)
{
    const node_t *node = in->state->node;
    int64_t number = 0;
    if (match_amounts(in->folded, &number) != 1 || match_has(in->text, ACT_STR("-")) ||
        number < node->min || number > node->max)
        return unclear;
    return taken(act_arena_printf(in->arena, "%lld", (long long)number), 0);
}

static bool has_percent_sign(const input_t *in)
{
    if (match_has(in->text, ACT_STR("%")) || match_has(in->text, ACT_STR("\u066A")))
        return true;
    act_str_t signs = act_word_fold(in->arena, act_text("words.percent", in->language));
    return match_title(signs, in->folded, TITLE_MIN_CHARS) > 0;
}

// `must_say_percent`: a number alone is not enough ("task 3 is ready").
static answer_t read_share(const input_t *in, bool must_say_percent)
{
    int64_t number = 0;
    if (match_numbers(in->folded, &number) != 1 || number > 100 || number < 0 ||
        match_has(in->text, ACT_STR("-")))
        return unclear;
    bool is_short = match_count_words(in->folded) <= 2 && !must_say_percent;
    if (!is_short && !has_percent_sign(in))
        return unclear;
    return taken(act_arena_printf(in->arena, "%lld", (long long)number), 0);
}

static answer_t read_percent(const input_t *in)
{
    if (act_word_is_anywhere("words.done", in->text))
        return taken(ACT_STR("100"), 0);
    return read_share(in, /* must_say_percent= */ false);
}

// The row whose title has most in common with the text, if there is one such row.
static answer_t read_title(const input_t *in)
{
    const rows_t *rows = &in->state->rows;
    uint32_t best_score = 0;
    uint32_t best = 0;
    bool is_tie = false;
    for (uint32_t row = 0; row < rows->count; row++) {
        act_str_t title = act_word_fold(in->arena, rows_cell(rows, row, 1));
        if (act_str_eq(title, in->folded))
            return taken(rows_cell(rows, row, 0), row);
        uint32_t score =
            in->must_be_exact ? 0 : match_title(title, in->folded, in->title_min_chars);
        is_tie = score > best_score ? false : is_tie || (score == best_score && score > 0);
        if (score > best_score) {
            best_score = score;
            best = row;
        }
    }
    return best_score == 0 || is_tie ? unclear : taken(rows_cell(rows, best, 0), best);
}

static answer_t read_pick(const input_t *in)
{
    const rows_t *rows = &in->state->rows;
    page_t page = page_of(rows->count, in->state->page);
    uint32_t place = 0;
    if (read_place(in, page.count, &place))
        return taken(rows_cell(rows, page.first + place, 0), page.first + place);
    if (page.has_more && is_title(in, act_text("pick.more_row", in->language)))
        return (answer_t){.kind = ANSWER_MORE};
    return read_title(in);
}

// The address the customer writes from is offered as a button.
static answer_t read_contact(const input_t *in)
{
    act_str_t own = vars_get(&in->state->vars, ACT_STR("contact_phone"));
    uint32_t place = 0;
    if (!act_str_empty(own) &&
        (read_place(in, 1, &place) || is_title(in, act_text("lead.own_button", in->language))))
        return taken(own, 0);
    act_str_t contact = contact_find(in->arena, in->text);
    return act_str_empty(contact) ? unclear : taken(contact, 0);
}

typedef answer_t read_fn(const input_t *in);

static read_fn *const readers[] = {
    [ASK_TEXT] = read_text,         [ASK_CHOICE] = read_choice,   [ASK_YES_NO] = read_yes_no,
    [ASK_SEVERITY] = read_severity, [ASK_NUMBER] = read_number,   [ASK_PERCENT] = read_percent,
    [ASK_PICK] = read_pick,         [ASK_CONTACT] = read_contact,
};

// A number alone may be the place of a button.
static answer_t read_correction(const input_t *in)
{
    const node_t *corrected = in->state->node->corrects_node;
    uint32_t place = 0;
    if (!corrected || read_place(in, 2, &place))
        return unclear;
    state_t earlier = *in->state;
    earlier.node = corrected;
    input_t of_earlier = *in;
    of_earlier.state = &earlier;
    answer_t answer = readers[corrected->ask](&of_earlier);
    if (answer.kind == ANSWER_TAKEN)
        answer.kind = ANSWER_CORRECTED;
    return answer;
}

// --- buttons -------------------------------------------------------------------------------------

static answer_t take_value_of_button(const state_t *state, act_str_t value)
{
    const node_t *node = state->node;
    for (uint32_t i = 0; i < node->choices_count; i++)
        if (node->choices[i].value && act_str_is(value, node->choices[i].value))
            return take_option(node, i);
    for (uint32_t i = 0; node->ask == ASK_SEVERITY && i < ACT_COUNT(severities); i++)
        if (act_str_is(value, severities[i]))
            return taken(act_str(severities[i]), i);
    for (uint32_t row = 0; node->ask == ASK_PICK && row < state->rows.count; row++)
        if (act_str_eq(value, rows_cell(&state->rows, row, 0)))
            return taken(rows_cell(&state->rows, row, 0), row);
    if (node->ask == ASK_PICK && act_str_is(value, MORE))
        return (answer_t){.kind = ANSWER_MORE};
    act_str_t own = vars_get(&state->vars, ACT_STR("contact_phone"));
    if (node->ask == ASK_CONTACT && act_str_is(value, "own") && !act_str_empty(own))
        return taken(own, 0);
    int64_t share = 0;
    bool is_share = act_str_to_int(value, &share) && share >= 0 && share <= 100;
    bool is_answer = act_str_is(value, "yes") || act_str_is(value, "no");
    if ((node->ask == ASK_PERCENT && is_share) || (node->ask == ASK_YES_NO && is_answer))
        return taken(value, 0);
    return (answer_t){.kind = ANSWER_STALE};
}

// Does the id look like one of a question of our flows?
static bool is_ours(const flows_t *flows, act_str_t choice_id)
{
    return flows_find(flows, act_str_cut(&choice_id, '.')) != NULL;
}

static answer_t read_button(const flows_t *flows, const state_t *state, act_str_t choice_id,
                            act_arena_t *arena)
{
    act_str_t prefix = id_prefix(arena, state->graph, state->node);
    if (act_str_starts_with(choice_id, prefix.ptr))
        return take_value_of_button(state, act_str_of(choice_id.ptr + prefix.len_bytes,
                                                      choice_id.len_bytes - prefix.len_bytes));
    act_str_t flow = answer_menu_flow(choice_id);
    if (flows_find(flows, flow))
        return (answer_t){.kind = ANSWER_FLOW, .value = flow};
    return (answer_t){.kind = is_ours(flows, choice_id) ? ANSWER_STALE : ANSWER_OTHER};
}

// --- the verdict ---------------------------------------------------------------------------------

static bool is_sure_of_other(const state_t *state, const flow_run_request_t *request)
{
    act_str_t intent = request->intent;
    if (!(request->confidence >= ANSWER_SURE_CONFIDENCE) || act_str_empty(intent))
        return false;
    if (state->node->ask == ASK_TEXT)
        return act_str_is(intent, "escalate_to_human");
    return !act_str_is(intent, "none") && !act_str_is(intent, state->graph->flow);
}

answer_t answer_read(const flows_t *flows, const state_t *state, const flow_run_request_t *request,
                     act_arena_t *arena)
{
    if (!act_str_empty(request->choice_id))
        return read_button(flows, state, request->choice_id, arena);
    const node_t *node = state->node;
    bool is_other = is_sure_of_other(state, request);
    const input_t in = {
        .state = state,
        .text = act_str_trim(request->text),
        .folded = act_word_fold(arena, request->text),
        .language = request->language,
        .title_min_chars = TITLE_MIN_CHARS,
        .must_be_exact = is_other,
        .arena = arena,
    };
    if (!node->yields && !node->cancel_is_yes && act_word_is_anywhere("words.cancel", in.text))
        return (answer_t){.kind = ANSWER_STOP};
    bool is_readable = node->ask == ASK_TEXT ? !is_other : !act_str_empty(in.folded);
    answer_t answer = is_other ? unclear : read_correction(&in);
    if (answer.kind == ANSWER_UNCLEAR && is_readable)
        answer = readers[node->ask](&in);
    if (answer.kind == ANSWER_UNCLEAR && (is_other || node->yields))
        answer.kind = ANSWER_OTHER;
    return answer;
}

// --- told already --------------------------------------------------------------------------------

answer_t answer_told(const state_t *state, act_str_t language, act_arena_t *arena)
{
    const node_t *node = state->node;
    const input_t in = {
        .state = state,
        .text = act_str_trim(state->first),
        .folded = act_word_fold(arena, state->first),
        .language = language,
        .title_min_chars = TOLD_MIN_CHARS,
        .arena = arena,
    };
    if (act_str_empty(in.folded))
        return unclear;
    answer_t answer = unclear;
    if (node->ask == ASK_PERCENT)
        answer = read_share(&in, /* must_say_percent= */ true);
    else if (node->ask == ASK_PICK)
        answer = read_title(&in);
    else if (node->ask == ASK_NUMBER || node->ask == ASK_CONTACT)
        answer = readers[node->ask](&in);
    else if (act_word_count_outside(node->filler, language, in.text) > 0)
        answer = read_text(&in);
    return answer.kind == ANSWER_TAKEN ? answer : unclear;
}
