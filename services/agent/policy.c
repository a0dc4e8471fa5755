// policy: checks in order; the first that is not passed is the answer.
#include "policy.h"

#include "io/json.h"
#include "marks.h"
#include "tool/telling.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- reasons ---------------------------------------------------------------------------------------

static const struct {
    const char *reason;
    const char *text;
} refusals[] = {
    {"unknown_tool", "There is no tool of this name. Use one of the tools that are listed."},
    {"malformed", "The arguments are not one JSON object. Write them again as plain JSON."},
    {"too_large", "The arguments are too large. Say it shorter."},
    {"schema", "The arguments do not fit the tool's description."},
    {"not_allowed", "This tool may not be used here. Go on without it, or offer a person."},
    {"tainted", "After text from outside was read, only tools that read from the business's own "
                "records may be used in this turn. Answer with what you have, or offer a person."},
    {"unmarked", "This tool may not be given recipients, amounts or addresses. Offer a person."},
    {"recipient", "This recipient may not be used: only the customer's own addresses, those set by "
                  "the business, and those a tool has returned. Offer a person."},
    {"amount", "This amount may not be used: only one that the business has set or that a tool has "
               "returned. Look it up first, or offer a person."},
    {"url", "This address may not be used: only one that the business has set or that a tool has "
            "returned. Go on without it."},
    {"turn_calls", "No more tools in this turn. Answer with what you have."},
    {"turn_rounds", "No more tools in this turn. Answer with what you have."},
    {"tool_calls", "This tool was used often enough in this turn. Answer with what you have."},
    {"repeated", "The same call was made already in this turn; its result stands above. Do not "
                 "repeat it."},
    {"contact_day", "This tool was used often enough for this customer today. Offer a person."},
    {"tenant_day", "This tool was used often enough today. Offer a person."},
    {"spend_day", "What may be spent today is spent. Go on without it, or offer a person."},
    {"spend_conversation",
     "What this conversation may cost is spent. Go on without it, or offer a person."},
    {"approvals",
     "Several things of this conversation wait for a person already. Tell the customer "
     "that a colleague will look at them."},
    {"approval", "The approval is used up or gone. Offer a person."},
    {"changed", "The tool was changed after a person approved this call, so it was not made. Offer "
                "a person."},
};

policy_t policy_refusal(const char *reason)
{
    policy_t policy = {.verdict = POLICY_DENY, .reason = reason, .text = "This may not be done."};
    for (size_t i = 0; i < ACT_COUNT(refusals); i++)
        if (strcmp(refusals[i].reason, reason) == 0) {
            policy.reason = refusals[i].reason;
            policy.text = refusals[i].text;
        }
    return policy;
}

// --- rules -----------------------------------------------------------------------------------------

static bool acts_outside(const act_tool_card_t *card)
{
    return card->has_network || card->effects == ACT_TOOL_IRREVERSIBLE;
}

static bool fits(act_str_t wanted, act_str_t is)
{
    return act_str_empty(wanted) || act_str_eq(wanted, is);
}

// How closely a rule speaks of this call; 0: not at all.
static uint32_t closeness(const policy_facts_t *facts, const tool_rule_t *rule,
                          const act_tool_card_t *card)
{
    bool is_named = act_str_is(rule->tool, card->name);
    bool is_about = is_named || (act_str_is(rule->tool, "*") &&
                                 (!acts_outside(card) || act_str_is(rule->decision, "deny")));
    if (!is_about || !fits(rule->flow, facts->flow) || !fits(rule->role, facts->known->role) ||
        !fits(rule->contact_id, facts->known->contact_id))
        return 0;
    return 1 + (act_str_empty(rule->contact_id) ? 0u : 8u) + (is_named ? 4u : 0u) +
           (act_str_empty(rule->role) ? 0u : 2u) + (act_str_empty(rule->flow) ? 0u : 1u);
}

static const tool_rule_t *rule_for(const policy_facts_t *facts, const act_tool_card_t *card)
{
    const tool_rule_t *best = NULL;
    uint32_t best_closeness = 0;
    for (uint32_t i = 0; i < facts->known->rules.count; i++) {
        const tool_rule_t *rule = &facts->known->rules.items[i];
        uint32_t is = closeness(facts, rule, card);
        if (is > best_closeness) {
            best = rule;
            best_closeness = is;
        }
    }
    return best;
}

static policy_verdict_t default_verdict(const policy_facts_t *facts, const act_tool_card_t *card)
{
    if (card->has_network || !act_str_is(facts->flow, "agent"))
        return POLICY_DENY;
    bool is_money = card->effects != ACT_TOOL_READ && marks_has(card->input, "amount");
    return card->effects == ACT_TOOL_IRREVERSIBLE || is_money ? POLICY_NEEDS_APPROVAL
                                                              : POLICY_ALLOW;
}

// The agent's turns are customers' turns.
static bool is_for_staff(const act_tool_card_t *card)
{
    return act_str_is(act_json_str(card->root, "audience"), "staff");
}

static policy_verdict_t rule_verdict(const policy_facts_t *facts, const tool_rule_t *rule,
                                     const act_tool_card_t *card)
{
    policy_verdict_t verdict = POLICY_DENY; // also of a decision nobody knows
    if (is_for_staff(card))
        return POLICY_DENY;
    if (!rule)
        verdict = default_verdict(facts, card);
    else if (act_str_is(rule->decision, "allow"))
        verdict = POLICY_ALLOW;
    else if (act_str_is(rule->decision, "approve"))
        verdict = POLICY_NEEDS_APPROVAL;
    if (verdict == POLICY_ALLOW && card->needs_approval)
        verdict = POLICY_NEEDS_APPROVAL;
    return verdict;
}

static bool is_safe(const act_tool_card_t *card)
{
    return card->effects == ACT_TOOL_READ && !card->has_network;
}

bool policy_offers(const policy_facts_t *facts, const act_tool_card_t *card, bool is_tainted)
{
    return (!is_tainted || is_safe(card)) &&
           rule_verdict(facts, rule_for(facts, card), card) != POLICY_DENY;
}

// --- where values come from ------------------------------------------------------------------------

static act_str_t number_text(double number, char *room, size_t room_bytes)
{
    int len_bytes = snprintf(room, room_bytes, "%.17g", number == 0 ? 0.0 : number);
    return act_str_of(room, (size_t)len_bytes);
}

// A text that is all number; not infinity, nor hexadecimal.
static bool reads_as_number(const char *text, double *ret_number)
{
    char *end = NULL;
    *ret_number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*ret_number) &&
           strspn(text, "0123456789+-.eE") == strlen(text);
}

act_str_t policy_value_text(const char *kind, const json_t *value, char *room, size_t room_bytes)
{
    double number = 0;
    if (json_is_integer(value)) {
        json_int_t whole = json_integer_value(value);
        if (whole > -(1LL << 53) && whole < (1LL << 53))
            return number_text((double)whole, room, room_bytes);
        return act_str_of(room, (size_t)snprintf(room, room_bytes, "%" JSON_INTEGER_FORMAT, whole));
    }
    if (json_is_real(value))
        return number_text(json_real_value(value), room, room_bytes);
    act_str_t text = act_str_of(json_string_value(value), json_string_length(value));
    if (json_is_string(value) && strcmp(kind, "amount") == 0 &&
        strlen(text.ptr) == text.len_bytes && reads_as_number(text.ptr, &number))
        return number_text(number, room, room_bytes);
    return text; // empty for booleans and null
}

static bool is_configured(const policy_facts_t *facts, const char *kind, act_str_t text)
{
    char room[64];
    for (uint32_t i = 0; i < facts->known->known_values.count; i++) {
        const tool_value_t *value = &facts->known->known_values.items[i];
        if (!act_str_is(value->kind, kind))
            continue;
        json_t *json = json_stringn(value->value.ptr, value->value.len_bytes);
        bool is_equal = act_str_eq(policy_value_text(kind, json, room, sizeof room), text);
        json_decref(json);
        if (is_equal)
            return true;
    }
    return false;
}

static bool is_known(const policy_facts_t *facts, const policy_turn_t *turn, const char *kind,
                     act_str_t text)
{
    if (act_str_empty(text)) // not even a value
        return false;
    if (is_configured(facts, kind, text))
        return true;
    for (uint32_t i = 0; strcmp(kind, "recipient") == 0 && i < facts->known->addresses.count; i++)
        if (act_str_eq(facts->known->addresses.items[i].address, text))
            return true;
    for (uint32_t i = 0; i < turn->values_count; i++)
        if (strcmp(turn->values[i].kind, kind) == 0 && act_str_eq(turn->values[i].text, text))
            return true;
    return false;
}

// --- what looks like a recipient, amount or URL ----------------------------------------------------

// One word that is an address: with a scheme, an @, or only digits of a phone number.
static bool is_telling_text(const char *text)
{
    size_t len_bytes = strlen(text);
    bool is_one_word = len_bytes > 0 && strcspn(text, " \t\r\n") == len_bytes;
    size_t digits = strspn(text, "+0123456789-()");
    return is_one_word &&
           (strstr(text, "://") || strchr(text, '@') || strncasecmp(text, "www.", 4) == 0 ||
            strncasecmp(text, "mailto:", 7) == 0 ||
            (digits == len_bytes && len_bytes >= 8 && text[0] == '+'));
}

// A name that somebody has marked as that of a mere text tells nothing; a value that is an address still does.
static bool is_telling(const marks_leaf_t *leaf)
{
    bool has_name = !leaf->provenance && act_tool_telling(leaf->name) != NULL;
    if (json_is_string(leaf->value))
        return has_name || is_telling_text(json_string_value(leaf->value));
    return json_is_number(leaf->value) && has_name;
}

// --- one value -------------------------------------------------------------------------------------

typedef struct {
    const policy_facts_t *facts;
    const policy_turn_t *turn;
    bool acts_outside;
    const char *reason; // of the first value that is not allowed
} look_t;

static const char *reason_of(const char *kind)
{
    static const char *const kinds[] = {"recipient", "amount", "url"};
    for (size_t i = 0; i < ACT_COUNT(kinds); i++)
        if (strcmp(kinds[i], kind) == 0)
            return kinds[i];
    return "unmarked";
}

static bool look_at(void *context, const marks_leaf_t *leaf)
{
    look_t *look = context;
    if (leaf->provenance && strcmp(leaf->provenance, "text") != 0) {
        char room[64];
        act_str_t text = policy_value_text(leaf->provenance, leaf->value, room, sizeof room);
        if (!is_known(look->facts, look->turn, leaf->provenance, text))
            look->reason = reason_of(leaf->provenance);
    } else if (look->acts_outside && is_telling(leaf)) {
        look->reason = "unmarked";
    }
    return look->reason == NULL;
}

// --- the decision ----------------------------------------------------------------------------------

static uint32_t tool_max_calls(const tool_rule_t *rule, const act_tool_card_t *card)
{
    if (rule && rule->turn_max_count > 0)
        return (uint32_t)rule->turn_max_count;
    return card->effects == ACT_TOOL_READ ? 8 : 3;
}

static uint32_t contact_day_max(const tool_rule_t *rule, const act_tool_card_t *card)
{
    if (rule && rule->contact_day_max_count > 0)
        return (uint32_t)rule->contact_day_max_count;
    return card->effects == ACT_TOOL_READ ? 500 : 30;
}

static const char *over_limit(const policy_turn_t *turn, const tool_rule_t *rule,
                              const act_tool_card_t *card)
{
    if (turn->rounds_count > POLICY_TURN_MAX_ROUNDS)
        return "turn_rounds";
    if (turn->calls_count >= POLICY_TURN_MAX_CALLS)
        return "turn_calls";
    if (turn->same_calls_count >= (card->effects == ACT_TOOL_READ ? 2 : 1))
        return "repeated";
    return turn->tool_calls_count >= tool_max_calls(rule, card) ? "tool_calls" : NULL;
}

static const char *refused_value(const policy_facts_t *facts, const policy_turn_t *turn,
                                 const act_tool_card_t *card, const json_t *arguments)
{
    look_t look = {facts, turn, acts_outside(card), NULL};
    (void)marks_walk(card->input, arguments, look_at, &look);
    return look.reason;
}

policy_t policy_decide(const policy_facts_t *facts, const policy_turn_t *turn,
                       const act_tool_card_t *card, const json_t *arguments)
{
    const tool_rule_t *rule = rule_for(facts, card);
    policy_verdict_t verdict = rule_verdict(facts, rule, card);
    const char *reason = verdict == POLICY_DENY ? "not_allowed" : over_limit(turn, rule, card);
    if (!reason && !turn->is_approved && turn->is_tainted && !is_safe(card))
        reason = "tainted";
    if (!reason && !turn->is_approved)
        reason = refused_value(facts, turn, card, arguments);
    if (reason)
        return policy_refusal(reason);
    policy_t policy = {
        .verdict = turn->is_approved ? POLICY_ALLOW : verdict,
        .reason = "",
        .contact_day_max_count = contact_day_max(rule, card),
        .tenant_day_max_count = rule ? (uint32_t)rule->tenant_day_max_count : 0,
    };
    if (policy.verdict == POLICY_NEEDS_APPROVAL) {
        policy.reason = card->needs_approval ? "card" : rule ? "rule" : "effects";
        policy.text =
            "A person has to approve this first and has been asked. It is not done yet: say "
            "to the customer that a colleague will look at it.";
    }
    return policy;
}
