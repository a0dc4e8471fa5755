// check: one pass a question. Each pass goes over all nodes and stops at the first thing it
// dislikes.
#include "check.h"

#include "call.h"
#include "texts/texts.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#define NAME_MAX_BYTES 32

typedef struct {
    graph_t *graph;
    act_str_t name;
    act_buf_t *error;
} check_t;

typedef act_err_t pass_fn(check_t *self, node_t *node);

static act_err_t ACT_PRINTF(4, 5)
    bad(check_t *self, const node_t *node, const char *field, const char *format, ...)
{
    act_buf_printf(self->error, "%" ACT_STR_FMT ".yaml:", ACT_STR_ARG(self->name));
    if (node)
        act_buf_printf(self->error, " node %s:", node->node);
    if (field)
        act_buf_printf(self->error, " field %s:", field);
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    act_buf_printf(self->error, " %s", text);
    return ACT_E_INVALID_ARGUMENT;
}

static bool is_name(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return length > 0 && length <= NAME_MAX_BYTES && text[length] == '\0' && text[0] >= 'a';
}

// --- fields --------------------------------------------------------------------------------------

// What a node is, as one bit: its kind, or what its question asks for.
#define KIND(kind) (1u << (kind))
#define ASK(ask) (1u << (16 + (ask)))
#define FREE_ASKS                                                                                  \
    (ASK(ASK_TEXT) | ASK(ASK_SEVERITY) | ASK(ASK_NUMBER) | ASK(ASK_PERCENT) | ASK(ASK_CONTACT))
#define ASKS (FREE_ASKS | ASK(ASK_CHOICE) | ASK(ASK_YES_NO) | ASK(ASK_PICK))

typedef enum { HOLDS_TEXT, HOLDS_COUNT, HOLDS_INTEGER, HOLDS_FLAG } holds_t;

typedef struct {
    const char *name;
    size_t offset;
    holds_t holds;
    uint32_t allowed;
    uint32_t required;
} field_t;

#define FIELD(name, member, holds, allowed, required)                                              \
    {                                                                                              \
        name, offsetof(node_t, member), holds, (allowed) | (required), required                    \
    }

static const field_t fields[] = {
    FIELD("text", text, HOLDS_TEXT, KIND(NODE_SET) | KIND(NODE_MESSAGE),
          KIND(NODE_HANDOVER) | ASKS),
    FIELD("error", error, HOLDS_TEXT, ASKS, 0),
    FIELD("save", save, HOLDS_TEXT, ASK(ASK_CHOICE), KIND(NODE_SET) | FREE_ASKS),
    FIELD("value", value, HOLDS_TEXT, KIND(NODE_SET), 0),
    FIELD("told", told, HOLDS_FLAG,
          ASK(ASK_TEXT) | ASK(ASK_NUMBER) | ASK(ASK_PERCENT) | ASK(ASK_PICK) | ASK(ASK_CONTACT), 0),
    FIELD("filler", filler, HOLDS_TEXT, ASK(ASK_TEXT), 0),
    FIELD("max_chars", max_chars, HOLDS_COUNT, ASK(ASK_TEXT), 0),
    FIELD("min", min, HOLDS_INTEGER, ASK(ASK_NUMBER), 0),
    FIELD("max", max, HOLDS_INTEGER, ASK(ASK_NUMBER), 0),
    FIELD("label", label, HOLDS_TEXT, ASK(ASK_CHOICE), ASK(ASK_SEVERITY) | ASK(ASK_PICK)),
    FIELD("choices", choices_count, HOLDS_COUNT, 0, ASK(ASK_CHOICE)),
    FIELD("yes", yes, HOLDS_TEXT, 0, ASK(ASK_YES_NO)),
    FIELD("no", no, HOLDS_TEXT, 0, ASK(ASK_YES_NO)),
    FIELD("corrects", corrects, HOLDS_TEXT, ASK(ASK_YES_NO), 0),
    FIELD("unclear", unclear, HOLDS_TEXT, ASK(ASK_PICK), 0),
    FIELD("cancel_is_yes", cancel_is_yes, HOLDS_FLAG, ASK(ASK_YES_NO), 0),
    FIELD("yields", yields, HOLDS_FLAG, ASKS, 0),
    FIELD("rows", rows, HOLDS_TEXT, KIND(NODE_MESSAGE), ASK(ASK_PICK)),
    FIELD("lines", lines, HOLDS_TEXT, KIND(NODE_MESSAGE), 0),
    FIELD("when", when, HOLDS_TEXT, 0, KIND(NODE_CONDITION)),
    FIELD("is", is, HOLDS_TEXT, 0, KIND(NODE_CONDITION)),
    FIELD("else", else_, HOLDS_TEXT, 0, KIND(NODE_CONDITION)),
    FIELD("call", call, HOLDS_TEXT, 0, KIND(NODE_CALL)),
    FIELD("empty", empty, HOLDS_TEXT, KIND(NODE_CALL), 0),
    FIELD("one", one, HOLDS_TEXT, KIND(NODE_CALL), 0),
    FIELD("receipt_of", receipt_of, HOLDS_TEXT, KIND(NODE_MESSAGE), 0),
    FIELD("media", media, HOLDS_TEXT, KIND(NODE_MESSAGE), 0),
    FIELD("link", link, HOLDS_TEXT, KIND(NODE_MESSAGE), 0),
    FIELD("file_name", file_name, HOLDS_TEXT, KIND(NODE_MESSAGE), 0),
    FIELD("flow", flow, HOLDS_TEXT, 0, KIND(NODE_NEXT)),
    FIELD("reason", reason, HOLDS_TEXT, 0, KIND(NODE_HANDOVER)),
    FIELD("next", next, HOLDS_TEXT, KIND(NODE_MESSAGE) | ASK(ASK_CHOICE),
          KIND(NODE_CONDITION) | KIND(NODE_SET) | KIND(NODE_CALL) | KIND(NODE_LEAVE) | FREE_ASKS |
              ASK(ASK_PICK)),
};

static bool has_field(const node_t *node, const field_t *field)
{
    const char *at = (const char *)node + field->offset;
    switch (field->holds) {
    case HOLDS_TEXT:
        return *(char *const *)(const void *)at != NULL;
    case HOLDS_COUNT:
        return *(const uint32_t *)(const void *)at != 0;
    case HOLDS_INTEGER:
        return *(const int64_t *)(const void *)at != 0;
    case HOLDS_FLAG:
        return *(const bool *)(const void *)at;
    }
    return false;
}

static act_err_t check_fields(check_t *self, node_t *node)
{
    bool is_question = node->kind == NODE_QUESTION;
    if (is_question != (node->ask != ASK_NOTHING))
        return bad(self, node, "ask", is_question ? "is missing" : "is for questions");
    uint32_t bit = is_question ? ASK(node->ask) : KIND(node->kind);
    for (size_t i = 0; i < ACT_COUNT(fields); i++) {
        bool is_there = has_field(node, &fields[i]);
        if (is_there && !(fields[i].allowed & bit))
            return bad(self, node, fields[i].name, "has no meaning in this node");
        if (!is_there && (fields[i].required & bit))
            return bad(self, node, fields[i].name, "is missing");
    }
    return ACT_E_OK;
}

// As in OutboundContent.
static bool is_media(const char *text)
{
    static const char *const kinds[] = {"image", "audio", "video", "document"};
    for (size_t i = 0; i < ACT_COUNT(kinds); i++)
        if (strcmp(text, kinds[i]) == 0)
            return true;
    return false;
}

static bool is_link(const char *text)
{
    return strncmp(text, "https://", 8) == 0;
}

static act_err_t check_media(check_t *self, node_t *node)
{
    act_str_t media = act_str(node->media);
    if (node->kind == NODE_MESSAGE && !node->text && !node->media)
        return bad(self, node, "text", "is missing");
    if ((node->media != NULL) != (node->link != NULL))
        return bad(self, node, "link", "media and link belong together");
    if (node->media && !is_media(node->media))
        return bad(self, node, "media", "is none of image, audio, video, document");
    if (node->link && !is_link(node->link) && !is_name(node->link))
        return bad(self, node, "link", "neither an https link nor a variable");
    if (node->media && node->lines)
        return bad(self, node, "lines", "has no meaning beside media");
    if (node->text && act_str_is(media, "audio"))
        return bad(self, node, "text", "audio has no caption");
    if (node->file_name && !act_str_is(media, "document"))
        return bad(self, node, "file_name", "is for documents");
    return ACT_E_OK;
}

// Every run has it.
static bool is_given(act_str_t variable)
{
    static const char *const given[] = {"business_name", "contact_name", "contact_phone"};
    for (size_t i = 0; i < ACT_COUNT(given); i++)
        if (act_str_is(variable, given[i]))
            return true;
    return false;
}

// What one field says about another.
static act_err_t check_pairs(check_t *self, node_t *node)
{
    if (node->kind == NODE_SET && (node->value != NULL) == (node->text != NULL))
        return bad(self, node, "value", "give either value or text");
    if (node->kind == NODE_MESSAGE && (node->rows != NULL) != (node->lines != NULL))
        return bad(self, node, "lines", "rows and lines belong together");
    if (node->ask == ASK_TEXT && node->told != (node->filler != NULL))
        return bad(self, node, "filler", "told and filler belong together");
    if (node->ask == ASK_NUMBER && node->min >= node->max)
        return bad(self, node, "min", "must be less than max");
    if (node->save && !is_name(node->save))
        return bad(self, node, "save", "'%s' is not a good name", node->save);
    if (node->save && is_given(act_str(node->save)))
        return bad(self, node, "save", "'%s' cannot be changed", node->save);
    return ACT_E_OK;
}

static act_err_t check_option(check_t *self, const node_t *node, const option_t *option)
{
    if (!option->title)
        return bad(self, node, "choices", "a choice without title");
    if (option->flow ? option->value || option->next || !is_name(option->flow) : !option->value)
        return bad(self, node, "choices", "%s: give either flow, or value and next", option->title);
    if (option->value && !is_name(option->value))
        return bad(self, node, "choices", "'%s' is not a good value", option->value);
    if (option->value && !option->next && !node->next)
        return bad(self, node, "choices", "%s leads nowhere", option->value);
    for (const option_t *other = node->choices; other < option; other++)
        if (option->value && other->value && strcmp(option->value, other->value) == 0)
            return bad(self, node, "choices", "%s stands twice", option->value);
    return ACT_E_OK;
}

static act_err_t check_options(check_t *self, node_t *node)
{
    bool is_list = node->choices_count > 3; // more than buttons can show
    if (is_list && !node->label)
        return bad(self, node, "label", "is needed for more than three choices");
    for (uint32_t i = 0; i < node->choices_count; i++) {
        act_err_t err = check_option(self, node, &node->choices[i]);
        if (err != ACT_E_OK)
            return err;
    }
    return ACT_E_OK;
}

// --- links ---------------------------------------------------------------------------------------

typedef struct {
    const char *field;
    size_t name_offset;
    size_t node_offset;
} link_t;

#define LINK(field, name)                                                                          \
    {                                                                                              \
        field, offsetof(node_t, name), offsetof(node_t, name##_node)                               \
    }
static const link_t links[] = {
    LINK("next", next),         {"else", offsetof(node_t, else_), offsetof(node_t, else_node)},
    LINK("yes", yes),           LINK("no", no),
    LINK("empty", empty),       LINK("one", one),
    LINK("corrects", corrects), LINK("unclear", unclear),
};

static const char *link_name(const node_t *node, const link_t *link)
{
    return *(char *const *)(const void *)((const char *)node + link->name_offset);
}

static const node_t *link_node(const node_t *node, const link_t *link)
{
    return *(const node_t *const *)(const void *)((const char *)node + link->node_offset);
}

static act_err_t find_node(check_t *self, const node_t *node, const char *field, const char *name,
                           const node_t **ret_node)
{
    *ret_node = graph_node(self->graph, act_str(name));
    return *ret_node ? ACT_E_OK : bad(self, node, field, "there is no node '%s'", name);
}

static act_err_t check_links(check_t *self, node_t *node)
{
    for (size_t i = 0; i < ACT_COUNT(links); i++) {
        const node_t **target = (const node_t **)(void *)((char *)node + links[i].node_offset);
        const char *name = link_name(node, &links[i]);
        if (name && find_node(self, node, links[i].field, name, target) != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    }
    for (uint32_t i = 0; i < node->choices_count; i++) {
        option_t *option = &node->choices[i];
        if (option->next &&
            find_node(self, node, "choices", option->next, &option->next_node) != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    }
    return ACT_E_OK;
}

// --- texts ---------------------------------------------------------------------------------------

static bool ends_with(const char *text, const char *end)
{
    size_t text_bytes = strlen(text);
    size_t end_bytes = strlen(end);
    return text_bytes >= end_bytes && strcmp(text + text_bytes - end_bytes, end) == 0;
}

// `end` is what the key must end with (texts_gen.py bounds the length of such texts), or "".
static act_err_t check_key(check_t *self, const node_t *node, const char *field, const char *key,
                           const char *end)
{
    if (!key)
        return ACT_E_OK;
    if (act_str_empty(act_text_find(act_str(key), ACT_STR("en"))))
        return bad(self, node, field, "there is no text '%s'", key);
    if (!ends_with(key, end))
        return bad(self, node, field, "'%s' must be a text that ends with %s", key, end);
    return ACT_E_OK;
}

static act_err_t check_texts(check_t *self, node_t *node)
{
    const struct {
        const char *field, *key, *end;
    } keys[] = {{"text", node->text, ""},
                {"error", node->error, ""},
                {"lines", node->lines, ""},
                {"label", node->label, "_button"}};
    for (size_t i = 0; i < ACT_COUNT(keys); i++)
        if (check_key(self, node, keys[i].field, keys[i].key, keys[i].end) != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    if (node->filler && strncmp(node->filler, "words.", 6) != 0)
        return bad(self, node, "filler", "must be a list of words");
    if (check_key(self, node, "filler", node->filler, "") != ACT_E_OK)
        return ACT_E_INVALID_ARGUMENT;
    const char *end = node->choices_count > 3 ? "_row" : "_button";
    for (uint32_t i = 0; i < node->choices_count; i++) {
        const option_t *option = &node->choices[i];
        if (check_key(self, node, "choices", option->title, end) != ACT_E_OK ||
            check_key(self, node, "choices", option->description, "_row_description") != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    }
    return ACT_E_OK;
}

// --- calls and variables -------------------------------------------------------------------------

static const call_t *call_of(const node_t *node)
{
    return node && node->kind == NODE_CALL ? call_find(act_str(node->call)) : NULL;
}

static act_err_t check_call(check_t *self, node_t *node)
{
    if (node->kind != NODE_CALL)
        return ACT_E_OK;
    const call_t *call = call_of(node);
    if (!call)
        return bad(self, node, "call", "there is no call '%s'", node->call);
    if (call->is_list != (node->empty != NULL))
        return bad(self, node, "empty", call->is_list ? "is missing" : "is for calls of lists");
    if (node->one && !call->is_list)
        return bad(self, node, "one", "is for calls of lists");
    return ACT_E_OK;
}

static act_err_t add_variable(check_t *self, const node_t *node, const char *name)
{
    graph_t *graph = self->graph;
    if (graph_variable(graph, act_str(name)) < graph->variables_count)
        return ACT_E_OK;
    if (graph->variables_count == GRAPH_MAX_VARIABLES)
        return bad(self, node, NULL, "more than %d variables", GRAPH_MAX_VARIABLES);
    graph->variables[graph->variables_count++] = name;
    return ACT_E_OK;
}

static act_err_t collect_variables(check_t *self, node_t *node)
{
    if (node->save && add_variable(self, node, node->save) != ACT_E_OK)
        return ACT_E_INVALID_ARGUMENT;
    const call_t *call = call_of(node);
    for (uint32_t i = 0; call && i < call->columns_count; i++)
        if (add_variable(self, node, call->columns[i]) != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    return ACT_E_OK;
}

static bool is_known(const check_t *self, act_str_t name)
{
    return is_given(name) || graph_variable(self->graph, name) < self->graph->variables_count;
}

// {status_label} and {due_date} show a variable in another way (say.h).
static act_str_t without_view(act_str_t name)
{
    static const act_str_t views[] = {ACT_STR_INIT("_label"), ACT_STR_INIT("_date")};
    for (size_t i = 0; i < ACT_COUNT(views); i++) {
        size_t end_bytes = views[i].len_bytes;
        if (name.len_bytes > end_bytes &&
            memcmp(name.ptr + name.len_bytes - end_bytes, views[i].ptr, end_bytes) == 0)
            return act_str_of(name.ptr, name.len_bytes - end_bytes);
    }
    return name;
}

// Variables of calls that write: only their receipt may show them.
static bool is_receipt_variable(const check_t *self, act_str_t name)
{
    for (uint32_t i = 0; i < self->graph->nodes_count; i++) {
        const call_t *call = call_of(&self->graph->nodes[i]);
        for (uint32_t c = 0; call && call->is_write && c < call->columns_count; c++)
            if (act_str_is(name, call->columns[c]))
                return true;
    }
    return false;
}

static act_err_t check_names_in(check_t *self, const node_t *node, const char *field,
                                const char *key)
{
    size_t offset = 0;
    act_str_t name;
    act_str_t text = act_text_find(act_str(key ? key : ""), ACT_STR("en"));
    while (act_text_next_name(text, &offset, &name)) {
        act_str_t variable = without_view(name);
        if (!is_known(self, variable) && !is_known(self, name))
            return bad(self, node, field, "nothing sets {%" ACT_STR_FMT "}", ACT_STR_ARG(name));
        if (is_receipt_variable(self, variable) && !node->receipt_of)
            return bad(self, node, "receipt_of", "is missing: {%" ACT_STR_FMT "} is a receipt",
                       ACT_STR_ARG(name));
    }
    return ACT_E_OK;
}

static act_err_t check_variables(check_t *self, node_t *node)
{
    if (check_names_in(self, node, "text", node->text) != ACT_E_OK ||
        check_names_in(self, node, "error", node->error) != ACT_E_OK ||
        check_names_in(self, node, "lines", node->lines) != ACT_E_OK)
        return ACT_E_INVALID_ARGUMENT;
    if (node->link && !is_link(node->link) && !is_known(self, act_str(node->link)))
        return bad(self, node, "link", "nothing sets '%s'", node->link);
    if (node->when && !is_known(self, act_str(node->when)))
        return bad(self, node, "when", "nothing sets '%s'", node->when);
    const call_t *call = call_of(node);
    for (uint32_t i = 0; call && i < CALL_READS_MAX && call->reads[i]; i++)
        if (!is_known(self, act_str(call->reads[i])))
            return bad(self, node, "call", "nothing sets '%s', which it needs", call->reads[i]);
    return ACT_E_OK;
}

// Rows come from a call of a list, receipts from a call that writes.
static act_err_t check_sources(check_t *self, node_t *node)
{
    const call_t *rows = call_of(graph_node(self->graph, act_str(node->rows)));
    if (node->rows && !(rows && rows->is_list))
        return bad(self, node, "rows", "'%s' is not a call of a list", node->rows);
    const call_t *write = call_of(graph_node(self->graph, act_str(node->receipt_of)));
    if (node->receipt_of && !(write && write->is_write))
        return bad(self, node, "receipt_of", "'%s' is not a call that writes", node->receipt_of);
    ask_t corrected = node->corrects_node ? node->corrects_node->ask : ASK_NUMBER;
    if (corrected != ASK_NUMBER && corrected != ASK_CONTACT)
        return bad(self, node, "corrects", "'%s' asks for no number or contact", node->corrects);
    bool is_receipt = node->text && strncmp(node->text, "receipt.", 8) == 0;
    if (is_receipt && !node->receipt_of)
        return bad(self, node, "receipt_of", "is missing: a confirmation needs a stored row");
    return ACT_E_OK;
}

// --- ways ----------------------------------------------------------------------------------------

typedef enum { UNSEEN, ON_WAY, SEEN } mark_t;

typedef struct {
    check_t *check;
    mark_t marks[GRAPH_MAX_NODES];
    bool stops_at_questions; // look for circles; else for what can be reached
} walk_t;

static act_err_t walk(walk_t *self, const node_t *node);

static act_err_t walk_on(walk_t *self, const node_t *node)
{
    for (size_t i = 0; i < ACT_COUNT(links); i++)
        if (walk(self, link_node(node, &links[i])) != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    for (uint32_t i = 0; i < node->choices_count; i++)
        if (walk(self, node->choices[i].next_node) != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    return ACT_E_OK;
}

// Depth first; no deeper than GRAPH_MAX_NODES.
static act_err_t walk(walk_t *self, const node_t *node)
{
    if (!node)
        return ACT_E_OK;
    mark_t *mark = &self->marks[node - self->check->graph->nodes];
    if (*mark == ON_WAY && self->stops_at_questions)
        return bad(self->check, node, NULL, "goes round without asking anything");
    bool waits = node->kind == NODE_QUESTION && !node->told; // told ones may be passed
    if (*mark != UNSEEN || (self->stops_at_questions && waits))
        return ACT_E_OK;
    *mark = ON_WAY;
    act_err_t err = walk_on(self, node);
    *mark = SEEN;
    return err;
}

static act_err_t check_ways(check_t *self)
{
    graph_t *graph = self->graph;
    walk_t reach = {.check = self};
    act_err_t err = walk(&reach, graph->start_node);
    for (uint32_t i = 0; err == ACT_E_OK && i < graph->nodes_count; i++)
        if (reach.marks[i] == UNSEEN)
            err = bad(self, &graph->nodes[i], NULL, "nothing leads here");
    walk_t circle = {.check = self, .stops_at_questions = true};
    for (uint32_t i = 0; err == ACT_E_OK && i < graph->nodes_count; i++)
        err = walk(&circle, &graph->nodes[i]);
    return err;
}

// --- all of it -----------------------------------------------------------------------------------

static act_err_t check_name(check_t *self, node_t *node)
{
    if (!is_name(node->node))
        return bad(self, node, "node", "not a good name");
    if (graph_node(self->graph, act_str(node->node)) != node)
        return bad(self, node, "node", "stands twice");
    return ACT_E_OK;
}

static act_err_t check_head(check_t *self)
{
    graph_t *graph = self->graph;
    if (!act_str_is(self->name, graph->flow) || !is_name(graph->flow))
        return bad(self, NULL, "flow", "must be the name of the file");
    if (graph->revision == 0)
        return bad(self, NULL, "revision", "starts with 1");
    return find_node(self, NULL, "start", graph->start, &graph->start_node);
}

act_err_t check_graph(graph_t *graph, act_str_t name, act_buf_t *error)
{
    static pass_fn *const passes[] = {
        check_name,  check_fields, check_pairs,       check_media,     check_options, check_links,
        check_texts, check_call,   collect_variables, check_variables, check_sources,
    };
    check_t self = {graph, name, error};
    graph->variables_count = 0;
    graph->variables = act_arena_alloc_array(graph->arena, GRAPH_MAX_VARIABLES, sizeof(char *));
    act_err_t err = check_head(&self);
    for (size_t pass = 0; err == ACT_E_OK && pass < ACT_COUNT(passes); pass++)
        for (uint32_t i = 0; err == ACT_E_OK && i < graph->nodes_count; i++)
            err = passes[pass](&self, &graph->nodes[i]);
    return err == ACT_E_OK ? check_ways(&self) : err;
}
