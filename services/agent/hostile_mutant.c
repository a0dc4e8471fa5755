// hostile_mutant: the policy, broken on purpose in one way (MUTANT). policy.c is compiled under another name
// beside it; hostile_test.c must see each of them.
#include "policy.h"

policy_t policy_decide_real(const policy_facts_t *facts, const policy_turn_t *turn,
                            const act_tool_card_t *card, const json_t *arguments);

enum { MUTANT_OPEN, MUTANT_UNTAINTED, MUTANT_UNCOUNTED, MUTANT_APPROVED, MUTANT_UNRULED };

policy_t policy_decide(const policy_facts_t *facts, const policy_turn_t *turn,
                       const act_tool_card_t *card, const json_t *arguments)
{
    policy_turn_t other = *turn;
    const tool_turn_reply_t nobody = {0};
    policy_facts_t others = *facts;
    switch (MUTANT) {
    case MUTANT_OPEN: // switched off
        return (policy_t){.verdict = POLICY_ALLOW, .reason = "", .text = ""};
    case MUTANT_UNTAINTED:
        other.is_tainted = false;
        break;
    case MUTANT_UNCOUNTED:
        other.same_calls_count = other.tool_calls_count = other.calls_count = 0;
        break;
    case MUTANT_APPROVED: // whatever asks has been approved
        other.is_approved = true;
        break;
    case MUTANT_UNRULED: // no rule of the tenant is looked at
        others.known = &nobody;
        break;
    }
    return policy_decide_real(&others, &other, card, arguments);
}
