// policy: may the agent call this tool like this, now? A pure function of data: the tenant's rules, the
// tool's card, the arguments, and what has happened in the turn. No model, no I/O. What the model wrote is
// the word of a stranger (promises.md D13): a call is allowed by what is here, never by what it says.
//
// Which tools. Of the rules that fit (tool, flow, role, contact), the most specific one decides. A rule for
// every tool (*) says something of tools that act outside only if it denies. Without a rule:
//
//   read, write, no network          allowed for the flow "agent"; with a marked amount: approval
//   irreversible, no network         a person approves
//   network (HTTP, MCP, ...)         denied, until a rule names the tool
//
// `approval: always` in a card holds even where a rule allows, and so does `audience: staff`, which denies.
//
// Where values come from. An argument that the card marks (marks.h) must be equal to a value of the
// configuration, to an address of the contact (recipients only), or to a value that a trusted tool's result
// marked the same way in this turn and that the model had not written itself before. A tool that acts outside
// may have no argument that is named, or looks, like a recipient, amount or URL and has no mark.
//
// Taint. Once text of third parties is in the context, only tools that read and have no network remain.
//
// Limits. Calls of a turn, of a tool in a turn, the same call again, rounds; of a day by contact and
// tenant (those are counted by the database, before the call).
#pragma once
#include "proto/persistence.h"
#include "tool/card.h"

#define POLICY_TURN_MAX_CALLS 24
#define POLICY_TURN_MAX_ROUNDS 8
#define POLICY_VALUES_MAX_COUNT 128
#define POLICY_ARGUMENTS_MAX_BYTES (32u << 10)

// Who asks, and what the tenant has set; the reply of persistence.tool_turn, and the flow.
typedef struct {
    act_str_t flow;
    const tool_turn_reply_t *known;
} policy_facts_t;

// A value that a trusted tool gave, as policy_value_text has it.
typedef struct {
    const char *kind;
    act_str_t text;
} policy_value_t;

// What has happened in this turn, before this call.
typedef struct {
    uint32_t rounds_count; // with this one
    uint32_t calls_count;
    uint32_t tool_calls_count; // of this tool
    uint32_t same_calls_count; // with the same arguments
    bool is_tainted;
    bool is_approved; // a person has seen these arguments and said yes
    const policy_value_t *values;
    uint32_t values_count;
} policy_turn_t;

typedef enum { POLICY_ALLOW, POLICY_DENY, POLICY_NEEDS_APPROVAL } policy_verdict_t;

typedef struct {
    policy_verdict_t verdict;
    const char *reason; // one word: kept with the call, and a label; "" when allowed
    const char *text;   // for the model: what it can do instead
    // Of a day; 0: no limit.
    uint32_t contact_day_max_count;
    uint32_t tenant_day_max_count;
} policy_t;

policy_t policy_decide(const policy_facts_t *facts, const policy_turn_t *turn,
                       const act_tool_card_t *card, const json_t *arguments);

// May it be called at all at this moment? What is not is not offered to the model.
bool policy_offers(const policy_facts_t *facts, const act_tool_card_t *card, bool is_tainted);

// Refusals that others find: too many of a day, unknown tool, ...; the row of the reason.
policy_t policy_refusal(const char *reason);

// One form for equal values: texts as they are, numbers by their value ("49.90" and 49.9 of an amount).
act_str_t policy_value_text(const char *kind, const json_t *value, char *room, size_t room_bytes);
