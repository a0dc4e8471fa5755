// gate: the order of checks is that of what they cost.
#include "gate.h"

#include "io/json.h"
#include "marks.h"
#include "tool/json_schema.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX_BYTES 8192
#define WHY_MAX_BYTES 1024
// Calls that are remembered; policy refuses before there are more.
#define CALLS_MAX_COUNT (2 * POLICY_TURN_MAX_CALLS)

typedef struct {
    const tool_entry_t *tool;
    json_t *arguments;
    char *text; // canonical, for comparing
} made_t;

struct gate {
    act_arena_t *arena;
    const policy_facts_t *facts;
    const tool_set_t *tools;
    uint32_t rounds_count;
    uint32_t calls_count; // all, also those that are not remembered
    bool is_tainted;
    made_t made[CALLS_MAX_COUNT];
    uint32_t made_count;
    policy_value_t values[POLICY_VALUES_MAX_COUNT];
    uint32_t values_count;
};

gate_t *gate_new(act_arena_t *arena, const policy_facts_t *facts, const tool_set_t *tools)
{
    gate_t *self = act_alloc(sizeof *self);
    self->arena = arena;
    self->facts = facts;
    self->tools = tools;
    return self;
}

void gate_destroy(gate_t **self_p)
{
    gate_t *self = act_take(self_p);
    if (!self)
        return;
    for (uint32_t i = 0; i < self->made_count; i++) {
        json_decref(self->made[i].arguments);
        free(self->made[i].text);
    }
    act_free(self);
}

void gate_next_round(gate_t *self)
{
    self->rounds_count++;
}

// --- what the call is ------------------------------------------------------------------------------

// With as few digits as give the same numbers again: 49.9, not 49.899999999999999. Yours, with free.
static char *write_json(const json_t *value)
{
    static const size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY;
    char *text = json_dumps(value, flags | JSON_REAL_PRECISION(15));
    json_t *again = text ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
    if (!again || !json_equal(again, value)) {
        free(text);
        text = json_dumps(value, flags);
    }
    json_decref(again);
    return text;
}

static act_str_t show(gate_t *self, const json_t *schema, const json_t *value)
{
    json_t *kept = marks_redact(schema, value);
    char *text = write_json(kept);
    act_str_t shown =
        act_arena_str(self->arena, act_utf8_prefix(act_str(text), SHOWN_MAX_BYTES / 4));
    free(text);
    json_decref(kept);
    return shown;
}

static policy_t schema_refusal(gate_t *self, act_str_t why)
{
    policy_t policy = policy_refusal("schema");
    policy.text = act_arena_printf(self->arena, "%s %" ACT_STR_FMT ".", policy.text,
                                   ACT_STR_ARG(act_utf8_prefix(why, 400)))
                      .ptr;
    return policy;
}

// The arguments as an object of the card's schema; NULL: *ret_policy says why not.
static json_t *read_arguments(gate_t *self, const tool_entry_t *tool, const tool_call_t *call,
                              policy_t *ret_policy)
{
    act_str_t text = act_str_empty(call->arguments) ? ACT_STR("{}") : call->arguments;
    json_t *arguments = NULL;
    if (text.len_bytes > POLICY_ARGUMENTS_MAX_BYTES) {
        *ret_policy = policy_refusal("too_large");
        return NULL;
    }
    if (call->is_malformed || act_json_parse(text, &arguments, NULL, NULL) != ACT_E_OK ||
        !json_is_object(arguments)) {
        *ret_policy = policy_refusal("malformed");
        json_decref(arguments);
        return NULL;
    }
    act_buf_t why;
    act_buf_init(&why, WHY_MAX_BYTES);
    if (act_json_schema_validate(tool->card->input, arguments, "arguments", &why) != ACT_E_OK) {
        *ret_policy = schema_refusal(self, act_buf_str(&why));
        json_decref(arguments);
        arguments = NULL;
    }
    act_buf_fini(&why);
    return arguments;
}

static policy_turn_t turn_so_far(const gate_t *self, const tool_entry_t *tool, const char *text)
{
    policy_turn_t turn = {
        .rounds_count = self->rounds_count,
        .calls_count = self->calls_count,
        .is_tainted = self->is_tainted,
        .values = self->values,
        .values_count = self->values_count,
    };
    for (uint32_t i = 0; i < self->made_count; i++) {
        if (self->made[i].tool != tool)
            continue;
        turn.tool_calls_count++;
        turn.same_calls_count += strcmp(self->made[i].text, text) == 0;
    }
    return turn;
}

// Remembered from now on: what it said is the model's word, what it did is done.
static bool remember(gate_t *self, const tool_entry_t *tool, json_t *arguments, char *text)
{
    if (self->made_count == CALLS_MAX_COUNT)
        return false;
    self->made[self->made_count++] = (made_t){tool, arguments, text};
    return true;
}

static gate_pass_t check(gate_t *self, const tool_call_t *call, bool is_approved)
{
    gate_pass_t pass = {.tool = tool_set_find(self->tools, call->name)};
    json_t *arguments = NULL;
    if (pass.tool)
        arguments = read_arguments(self, pass.tool, call, &pass.policy);
    else
        pass.policy = policy_refusal("unknown_tool");
    char *text = arguments ? write_json(arguments) : NULL;
    if (text) {
        policy_turn_t turn = turn_so_far(self, pass.tool, text);
        turn.is_approved = is_approved;
        pass.policy = policy_decide(self->facts, &turn, pass.tool->card, arguments);
        pass.shown = show(self, pass.tool->card->input, arguments);
        pass.arguments = arguments;
        pass.text = act_arena_str(self->arena, act_str(text));
    }
    self->calls_count++;
    if (!text || !remember(self, pass.tool, arguments, text)) {
        if (text) // policy has refused it: there are too many
            pass.arguments = NULL;
        json_decref(arguments);
        free(text);
    }
    return pass;
}

gate_pass_t gate_check(gate_t *self, const tool_call_t *call)
{
    return check(self, call, /* is_approved= */ false);
}

gate_pass_t gate_check_approved(gate_t *self, const tool_call_t *call, act_str_t card_hash)
{
    gate_pass_t pass = check(self, call, /* is_approved= */ true);
    if (pass.tool && !act_str_is(card_hash, pass.tool->hash))
        pass.policy = policy_refusal("changed");
    return pass;
}

// --- what came back --------------------------------------------------------------------------------

// What is looked for among the words of the model.
typedef struct {
    act_str_t wanted;
} echo_t;

static bool holds(act_str_t text, act_str_t part)
{
    for (size_t at = 0; part.len_bytes > 0 && at + part.len_bytes <= text.len_bytes; at++)
        if (strncasecmp(text.ptr + at, part.ptr, part.len_bytes) == 0)
            return true;
    return false;
}

static bool is_other(void *context, const marks_leaf_t *leaf)
{
    const echo_t *echo = context;
    char room[64];
    return !holds(act_str(leaf->name), echo->wanted) &&
           !holds(policy_value_text("amount", leaf->value, room, sizeof room), echo->wanted) &&
           !holds(policy_value_text("", leaf->value, room, sizeof room), echo->wanted);
}

// Did the model write this itself, anywhere in this turn? Then a tool that says it again proves nothing.
static bool is_own_word(const gate_t *self, act_str_t text)
{
    echo_t echo = {text};
    for (uint32_t i = 0; i < self->made_count; i++)
        if (!marks_walk(NULL, self->made[i].arguments, is_other, &echo))
            return true;
    return false;
}

static bool take_value(void *context, const marks_leaf_t *leaf)
{
    gate_t *self = context;
    if (leaf->is_untrusted && (json_string_length(leaf->value) > 0 || json_is_true(leaf->value)))
        self->is_tainted = true;
    if (!leaf->provenance || leaf->is_untrusted || self->values_count == POLICY_VALUES_MAX_COUNT)
        return true;
    char room[64];
    act_str_t text = policy_value_text(leaf->provenance, leaf->value, room, sizeof room);
    if (!act_str_empty(text) && !is_own_word(self, text))
        self->values[self->values_count++] =
            (policy_value_t){leaf->provenance, act_arena_str(self->arena, text)};
    return true;
}

bool gate_learn(gate_t *self, const tool_entry_t *tool, const json_t *result, bool has_text)
{
    bool was_tainted = self->is_tainted;
    uint32_t values_count = self->values_count;
    self->is_tainted = false;
    if (tool->card->has_network || (has_text && marks_has_foreign_text(tool->card->output)))
        self->is_tainted = true;
    else if (result)
        (void)marks_walk(tool->card->output, result, take_value, self);
    bool is_foreign = self->is_tainted;
    if (is_foreign) // who wrote a part of it may have written all of it
        self->values_count = values_count;
    self->is_tainted = is_foreign || was_tainted;
    return is_foreign;
}

bool gate_is_foreign(gate_t *self, const tool_entry_t *tool, const json_t *result, bool has_text)
{
    bool was_tainted = self->is_tainted;
    uint32_t values_count = self->values_count;
    bool is_foreign = gate_learn(self, tool, result, has_text);
    self->is_tainted = was_tainted;
    self->values_count = values_count;
    return is_foreign;
}

void gate_taint(gate_t *self)
{
    self->is_tainted = true;
}

bool gate_is_tainted(const gate_t *self)
{
    return self->is_tainted;
}

act_str_t gate_urls(const gate_t *self, act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    for (uint32_t i = 0; i < self->facts->known->known_values.count; i++) {
        const tool_value_t *value = &self->facts->known->known_values.items[i];
        if (act_str_is(value->kind, "url"))
            act_buf_printf(&out, "%" ACT_STR_FMT "\n", ACT_STR_ARG(value->value));
    }
    for (uint32_t i = 0; i < self->values_count; i++)
        if (strcmp(self->values[i].kind, "url") == 0)
            act_buf_printf(&out, "%" ACT_STR_FMT "\n", ACT_STR_ARG(self->values[i].text));
    act_str_t urls = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return urls;
}
