// receipts: one row a kind of action.
#include "receipts.h"

#include "decide.h"
#include "texts/texts.h"
#include "texts/words.h"

#include <string.h>

static const struct {
    const char *words;
    const char *rpc; // its receipt proves the claim
} claims[] = {
    {"words.claim_booked", "create_appointment"},
    {"words.claim_cancelled", "cancel_appointment"},
    {"words.claim_reported", "create_incident"},
    {"words.claim_updated", "update_task_progress"},
};

static bool has_receipt(act_steps_t steps, const char *rpc)
{
    for (uint32_t i = 0; i < steps.count; i++) {
        const turn_step_t *step = &steps.items[i];
        act_str_t key = step->step_key;
        size_t length = strlen(rpc);
        if (act_str_is(step->kind, "effect") && step->error_number == 0 && key.len_bytes > length &&
            key.ptr[key.len_bytes - length - 1] == '/' &&
            act_str_is(act_str_of(key.ptr + key.len_bytes - length, length), rpc))
            return true;
    }
    return false;
}

// Whole words: both are folded, with one space between words.
static bool has_phrase(act_str_t text, act_str_t phrase)
{
    if (act_str_empty(phrase))
        return false;
    for (size_t at = 0; at + phrase.len_bytes <= text.len_bytes; at++) {
        size_t end = at + phrase.len_bytes;
        if ((at == 0 || text.ptr[at - 1] == ' ') &&
            (end == text.len_bytes || text.ptr[end] == ' ') &&
            memcmp(text.ptr + at, phrase.ptr, phrase.len_bytes) == 0)
            return true;
    }
    return false;
}

static bool has_any(act_arena_t *arena, act_str_t folded, const char *words, const char *language)
{
    act_str_t list = act_text(words, act_str(language));
    while (!act_str_empty(list))
        if (has_phrase(folded, act_word_fold(arena, act_str_cut(&list, '|'))))
            return true;
    return false;
}

const char *receipts_missing(act_str_t text, act_steps_t steps)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t folded = act_word_fold(arena, text);
    for (size_t i = 0; i < ACT_COUNT(claims); i++) {
        if (has_receipt(steps, claims[i].rpc))
            continue;
        // Whoever lies may do so in another language than the customer's.
        for (uint32_t l = 0; l < ACT_TEXT_LANGUAGES_COUNT; l++)
            if (has_any(arena, folded, claims[i].words, act_text_languages[l]))
                return claims[i].rpc;
    }
    return NULL;
}

bool receipts_oblige(act_steps_t steps, respond_reply_t *reply)
{
    if (!has_receipt(steps, "escalate") || act_str_is(reply->decision, "HUMAN_HANDOFF"))
        return false;
    reply->decision = ACT_STR("HUMAN_HANDOFF");
    reply->handoff_reason = ACT_STR("the agent asked for a person");
    return true;
}

bool receipts_guard(const respond_request_t *request, act_steps_t steps, act_arena_t *arena,
                    respond_reply_t *reply)
{
    if (act_str_starts_with(reply->source, "faq:"))
        return false;
    for (uint32_t i = 0; i < reply->messages.count; i++)
        if (receipts_missing(reply->messages.items[i].text, steps)) {
            decide_offer_person(request->language, "agent.no_receipt", arena, reply);
            return true;
        }
    return false;
}
