// decision: the schema, and the reader that believes none of it.
#include "decision.h"

#include "base/err.h"
#include "io/json.h"

#define PLAN_MAX_CHARS 8000
#define REASON_MAX_CHARS 500
#define WAIT_MAX_MS (7 * 24 * 3600 * 1000u)

// RESPOND first: what is read most.
static const char *const names[] = {
    [DECISION_RESPOND] = "RESPOND",
    [DECISION_WAIT] = "WAIT",
    [DECISION_IGNORE] = "IGNORE",
    [DECISION_HANDOFF] = "HUMAN_HANDOFF",
};

#define SCHEMA(kinds)                                                                              \
    "{\"type\":\"object\",\"properties\":{"                                                        \
    "\"decision\":{\"type\":\"string\",\"enum\":[" kinds "]},"                                     \
    "\"plan\":{\"type\":\"string\",\"description\":\"RESPOND: what the message says, with all "    \
    "facts and values, in English or the customer's language\"},"                                  \
    "\"reason\":{\"type\":\"string\",\"description\":\"why, one sentence, for colleagues\"},"      \
    "\"wait_ms\":{\"type\":\"integer\",\"minimum\":0,\"description\":\"WAIT: how long\"},"         \
    "\"wait_for\":{\"type\":\"string\",\"enum\":[\"customer\",\"person\"],\"description\":"        \
    "\"WAIT: for whom\"}},\"required\":[\"decision\",\"reason\"]}"

const char *decision_name(decision_kind_t kind)
{
    return names[kind];
}

tool_card_t decision_card(bool may_wait)
{
    static const char any[] = SCHEMA("\"RESPOND\",\"WAIT\",\"IGNORE\",\"HUMAN_HANDOFF\"");
    static const char now[] = SCHEMA("\"RESPOND\",\"IGNORE\",\"HUMAN_HANDOFF\"");
    return (tool_card_t){
        .name = ACT_STR(DECISION_TOOL),
        .description =
            ACT_STR("Ends your work on this message: what is to be done about it. Call it "
                    "once, alone, when you know enough."),
        .input_schema = act_str(may_wait ? any : now),
    };
}

static bool read_kind(act_str_t name, decision_kind_t *ret_kind)
{
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        if (act_str_is(name, names[i])) {
            *ret_kind = (decision_kind_t)i;
            return true;
        }
    return false;
}

static act_str_t text_at(const json_t *root, const char *name, size_t max_chars, act_arena_t *arena)
{
    return act_arena_str(arena, act_utf8_prefix(act_str_trim(act_json_str(root, name)), max_chars));
}

static void read_wait(const json_t *root, decision_t *decision)
{
    int64_t wait_ms = act_json_int(root, "wait_ms", 0);
    bool is_person = act_str_is(act_json_str(root, "wait_for"), "person");
    decision->wait_ms = wait_ms <= 0 ? 0 : wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : (uint32_t)wait_ms;
    decision->wait_for = is_person ? ACT_STR("person") : ACT_STR("customer");
}

static const char *problem_of(const decision_t *decision, bool may_wait)
{
    if (decision->kind == DECISION_RESPOND && act_str_empty(decision->plan))
        return "RESPOND needs a plan: what the message must say.";
    if (decision->kind == DECISION_WAIT && !may_wait)
        return "The waiting is over: decide for something else.";
    return NULL;
}

bool decision_read(act_str_t arguments, bool may_wait, act_arena_t *arena, decision_t *ret_decision,
                   const char **ret_problem)
{
    json_t *root = NULL;
    decision_t decision = {.kind = DECISION_RESPOND};
    *ret_problem = "The arguments of decide are no JSON object.";
    if (act_json_parse(arguments, &root, NULL, NULL) == ACT_E_OK && json_is_object(root)) {
        *ret_problem = "decision is none of RESPOND, WAIT, IGNORE, HUMAN_HANDOFF.";
        if (read_kind(act_json_str(root, "decision"), &decision.kind)) {
            decision.plan = text_at(root, "plan", PLAN_MAX_CHARS, arena);
            decision.reason = text_at(root, "reason", REASON_MAX_CHARS, arena);
            read_wait(root, &decision);
            *ret_problem = problem_of(&decision, may_wait);
        }
    }
    json_decref(root);
    if (!*ret_problem)
        *ret_decision = decision;
    return !*ret_problem;
}

bool decision_of_text(act_str_t text, decision_t *ret_decision)
{
    act_str_t plan = act_utf8_prefix(act_str_trim(text), PLAN_MAX_CHARS);
    if (act_str_empty(plan))
        return false;
    *ret_decision = (decision_t){
        .kind = DECISION_RESPOND, .plan = plan, .reason = ACT_STR("answered without deciding")};
    return true;
}
