// say: one row a kind of question says which choices it shows.
#include "say.h"

#include "answer.h"
#include "page.h"
#include "texts/texts.h"

#include <inttypes.h>
#include <string.h>

#define TITLE_MAX_CHARS 24
#define DESCRIPTION_MAX_CHARS 72
#define BODY_MAX_CHARS 1024
#define CAPTION_MAX_CHARS 1024
// What a customer wrote is shown again only so far.
#define SHOWN_MAX_CHARS 250
// Lists of lines end in time for one message of any channel (WhatsApp: 4096).
#define LINES_MAX_CHARS 3500

// --- texts ---------------------------------------------------------------------------------------

static act_str_t shorten(act_arena_t *arena, act_str_t text, size_t max_chars)
{
    if (act_utf8_count(text) <= max_chars)
        return text;
    act_str_t prefix = act_str_trim(act_utf8_prefix(text, max_chars - 1));
    return act_arena_printf(arena, "%" ACT_STR_FMT "…", ACT_STR_ARG(prefix));
}

// Values for a text: a row's columns first, then the variables.
typedef struct {
    say_t *say;
    const state_t *state;
    const rows_t *rows; // NULL: none
    uint32_t row;
} scope_t;

static act_str_t plain_value(const scope_t *scope, act_str_t name)
{
    act_str_t value = {0};
    if (scope->rows) // as they are: an address that is cut leads nowhere
        value = rows_value(scope->rows, scope->row, name);
    if (!act_str_empty(value))
        return value;
    return shorten(scope->say->arena, vars_get(&scope->state->vars, name), SHOWN_MAX_CHARS);
}

static bool cut_end(act_str_t *name, const char *end)
{
    size_t end_bytes = strlen(end);
    if (name->len_bytes <= end_bytes ||
        memcmp(name->ptr + name->len_bytes - end_bytes, end, end_bytes) != 0)
        return false;
    name->len_bytes -= end_bytes;
    return true;
}

static act_str_t label_of(const scope_t *scope, act_str_t value)
{
    act_str_t key = act_arena_printf(scope->say->arena, "label.%" ACT_STR_FMT, ACT_STR_ARG(value));
    act_str_t label = act_text_find(key, scope->say->language);
    if (!act_str_empty(label))
        return label;
    char *words = act_arena_alloc(scope->say->arena, value.len_bytes + 1);
    for (size_t i = 0; i < value.len_bytes; i++)
        words[i] = value.ptr[i] == '_' ? ' ' : value.ptr[i];
    return act_str_of(words, value.len_bytes);
}

// "2026-11-21"; what does not look so is shown as it is.
static act_str_t date_of(const scope_t *scope, act_str_t value)
{
    if (value.len_bytes != 10 || value.ptr[4] != '-' || value.ptr[7] != '-')
        return value;
    const act_text_value_t parts[] = {
        {"year", act_str_of(value.ptr, 4)},
        {"month", act_str_of(value.ptr + 5, 2)},
        {"day", act_str_of(value.ptr + 8, 2)},
    };
    return act_text_format(scope->say->arena, "format.date", scope->say->language, parts,
                           ACT_COUNT(parts));
}

// In a text from right to left "+44" would show its sign at the other end.
static act_str_t isolated(const scope_t *scope, act_str_t value)
{
    if (!act_str_starts_with(value, "+") || !act_str_is(scope->say->language, "ar"))
        return value;
    return act_arena_printf(scope->say->arena, "\u2066%" ACT_STR_FMT "\u2069", ACT_STR_ARG(value));
}

static act_str_t value_of(void *context, act_str_t name)
{
    const scope_t *scope = context;
    act_str_t value = plain_value(scope, name);
    if (act_str_empty(value) && cut_end(&name, "_label"))
        value = label_of(scope, plain_value(scope, name));
    else if (act_str_empty(value) && cut_end(&name, "_date"))
        value = date_of(scope, plain_value(scope, name));
    return isolated(scope, value);
}

static act_str_t fill(scope_t *scope, const char *key)
{
    act_str_t text = act_text(key, scope->say->language);
    return act_str_trim(act_text_fill(scope->say->arena, text, value_of, scope));
}

act_str_t say_render(say_t *self, const state_t *state, const char *key)
{
    scope_t scope = {.say = self, .state = state};
    return fill(&scope, key);
}

// --- messages ------------------------------------------------------------------------------------

static outbound_content_t *next_message(say_t *self)
{
    if (self->count == SAY_MAX_MESSAGES) {
        self->is_overflowed = true;
        return NULL;
    }
    return &self->messages[self->count++];
}

void say_text(say_t *self, act_str_t text)
{
    outbound_content_t *message = next_message(self);
    if (message)
        *message = (outbound_content_t){.type = ACT_STR("text"), .text = text};
}

static act_str_t count_text(say_t *self, uint32_t count)
{
    const act_text_value_t values[] = {{"count", act_arena_printf(self->arena, "%" PRIu32, count)}};
    return act_text_format(self->arena, "list.more", self->language, values, ACT_COUNT(values));
}

// The heading and a line a row; "… and 12 more" when it gets too long.
static act_str_t with_lines(say_t *self, const state_t *state, act_str_t heading, const char *key)
{
    act_buf_t out;
    act_buf_init(&out, 64u << 10);
    act_buf_add_str(&out, heading);
    size_t chars = act_utf8_count(heading);
    for (uint32_t row = 0; row < state->rows.count; row++) {
        scope_t scope = {self, state, &state->rows, row};
        act_str_t line = fill(&scope, key);
        chars += act_utf8_count(line) + 1;
        bool is_too_long = chars > LINES_MAX_CHARS;
        if (is_too_long)
            line = count_text(self, state->rows.count - row);
        act_buf_add_char(&out, '\n');
        act_buf_add_str(&out, line);
        if (is_too_long)
            break;
    }
    act_str_t text = act_arena_str(self->arena, act_buf_str(&out));
    act_buf_fini(&out);
    return text;
}

// An empty link (a row without one) leaves the caption, if there is one.
static void say_media(say_t *self, const state_t *state, const node_t *node)
{
    bool is_fixed = act_str_starts_with(act_str(node->link), "https://");
    act_str_t link = is_fixed ? act_str(node->link) : vars_get(&state->vars, act_str(node->link));
    act_str_t caption = node->text ? say_render(self, state, node->text) : (act_str_t){0};
    if (act_str_empty(link) && act_str_empty(caption))
        return;
    outbound_content_t *message = next_message(self);
    if (!message)
        return;
    *message = (outbound_content_t){
        .type = act_str_empty(link) ? ACT_STR("text") : act_str(node->media),
        .text = shorten(self->arena, caption, CAPTION_MAX_CHARS),
        .media_url = link,
        .file_name = act_str_empty(link) ? (act_str_t){0} : act_str(node->file_name),
    };
}

void say_message(say_t *self, const state_t *state, const node_t *node)
{
    if (node->media) {
        say_media(self, state, node);
        return;
    }
    act_str_t text = say_render(self, state, node->text);
    say_text(self, node->lines ? with_lines(self, state, text, node->lines) : text);
}

// --- choices -------------------------------------------------------------------------------------

typedef struct {
    say_t *say;
    const state_t *state;
    choice_t items[GRAPH_MAX_CHOICES];
    uint32_t count;
} choices_t;

static void add(choices_t *self, act_str_t id, act_str_t title, act_str_t description)
{
    act_arena_t *arena = self->say->arena;
    self->items[self->count++] = (choice_t){
        .id = id,
        .title = shorten(arena, title, TITLE_MAX_CHARS),
        .description = shorten(arena, description, DESCRIPTION_MAX_CHARS),
    };
}

static void add_value(choices_t *self, act_str_t value, act_str_t title, act_str_t description)
{
    const state_t *state = self->state;
    add(self, answer_id(self->say->arena, state->graph, state->node, value), title, description);
}

static void add_fixed(choices_t *self, const char *value, const char *title,
                      const char *description)
{
    act_str_t language = self->say->language;
    add_value(self, act_str(value), act_text(title, language),
              description ? act_text(description, language) : (act_str_t){0});
}

static void show_options(choices_t *self)
{
    const node_t *node = self->state->node;
    for (uint32_t i = 0; i < node->choices_count; i++) {
        const option_t *option = &node->choices[i];
        if (option->value) {
            add_fixed(self, option->value, option->title, option->description);
            continue;
        }
        act_str_t language = self->say->language;
        add(self, answer_menu_id(self->say->arena, act_str(option->flow)),
            act_text(option->title, language),
            option->description ? act_text(option->description, language) : (act_str_t){0});
    }
}

static void show_yes_no(choices_t *self)
{
    add_fixed(self, "yes", "answer.yes_button", NULL);
    add_fixed(self, "no", "answer.no_button", NULL);
}

static void show_severities(choices_t *self)
{
    add_fixed(self, "low", "severity.low_row", "severity.low_row_description");
    add_fixed(self, "medium", "severity.medium_row", "severity.medium_row_description");
    add_fixed(self, "high", "severity.high_row", "severity.high_row_description");
    add_fixed(self, "critical", "severity.critical_row", "severity.critical_row_description");
}

static void show_own(choices_t *self)
{
    if (!act_str_empty(vars_get(&self->state->vars, ACT_STR("contact_phone"))))
        add_fixed(self, "own", "lead.own_button", NULL);
}

static void show_percents(choices_t *self)
{
    add_fixed(self, "25", "percent.quarter_button", NULL);
    add_fixed(self, "50", "percent.half_button", NULL);
    add_fixed(self, "100", "percent.done_button", NULL);
}

static void show_rows(choices_t *self)
{
    const state_t *state = self->state;
    const call_t *call = call_find(act_str(state->rows_node->call));
    page_t page = page_of(state->rows.count, state->page);
    for (uint32_t row = page.first; row < page.first + page.count; row++) {
        scope_t scope = {self->say, state, &state->rows, row};
        act_str_t title = rows_cell(&state->rows, row, 1);
        act_str_t id = rows_cell(&state->rows, row, 0);
        add_value(self, id, act_str_empty(title) ? id : title, fill(&scope, call->description));
    }
    if (page.has_more)
        add_fixed(self, "more", "pick.more_row", "pick.more_row_description");
}

typedef void show_fn(choices_t *self);

typedef struct {
    show_fn *show; // NULL: free text
    const char *retry;
} ask_row_t;

static const ask_row_t asks[] = {
    [ASK_TEXT] = {NULL, "retry.text"},
    [ASK_CHOICE] = {show_options, "retry.choice"},
    [ASK_YES_NO] = {show_yes_no, "retry.yes_no"},
    [ASK_SEVERITY] = {show_severities, "retry.severity"},
    [ASK_NUMBER] = {NULL, "retry.number"},
    [ASK_PERCENT] = {show_percents, "retry.percent"},
    [ASK_PICK] = {show_rows, "retry.pick"},
    [ASK_CONTACT] = {show_own, "retry.contact"},
};

// --- questions -----------------------------------------------------------------------------------

static act_str_t body_of(say_t *self, const state_t *state, act_str_t before)
{
    act_str_t text = say_render(self, state, state->node->text);
    if (!act_str_empty(before))
        text = act_arena_printf(self->arena, "%" ACT_STR_FMT "\n\n%" ACT_STR_FMT,
                                ACT_STR_ARG(before), ACT_STR_ARG(text));
    return shorten(self->arena, text, BODY_MAX_CHARS);
}

void say_question(say_t *self, const state_t *state, act_str_t before)
{
    const node_t *node = state->node;
    choices_t *choices = act_arena_alloc(self->arena, sizeof *choices);
    *choices = (choices_t){.say = self, .state = state};
    if (asks[node->ask].show)
        asks[node->ask].show(choices);
    outbound_content_t *message = next_message(self);
    if (!message)
        return;
    *message = (outbound_content_t){.type = ACT_STR("text"), .text = body_of(self, state, before)};
    if (choices->count == 0)
        return;
    message->choices.items = choices->items;
    message->choices.count = choices->count;
    // A list has a label in the flow file; without one there are at most three choices.
    message->type = node->label ? ACT_STR("list") : ACT_STR("buttons");
    if (node->label)
        message->list_label = act_text(node->label, self->language);
}

act_str_t say_retry(say_t *self, const state_t *state)
{
    const node_t *node = state->node;
    if (node->error)
        return say_render(self, state, node->error);
    const act_text_value_t values[] = {
        {"min", act_arena_printf(self->arena, "%" PRId64, node->min)},
        {"max", act_arena_printf(self->arena, "%" PRId64, node->max)},
    };
    return act_text_format(self->arena, asks[node->ask].retry, self->language, values,
                           ACT_COUNT(values));
}
