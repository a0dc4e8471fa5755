// risk: what in a message needs care.
#include "risk.h"

#include "payment.h"

#define MATCHES_MAX 96u
// From the verb to its object: "ignore everything in all of your previous instructions".
#define REACH_TOKENS 7u

const char *risk_name(risk_kind_t risk)
{
    static const char *const names[RISKS_COUNT] = {
        [RISK_THREAT] = "threat",
        [RISK_SELF_HARM] = "self_harm",
        [RISK_ABUSE] = "abuse",
        [RISK_PAYMENT_DATA] = "payment_data",
        [RISK_PROMPT_INJECTION] = "prompt_injection",
    };
    return names[risk];
}

act_err_t risk_words_init(risk_words_t *self, act_str_t section)
{
    risk_words_t words = {0};
    act_err_t err = act_lexicon_init(&words.words, section);
    if (err != ACT_E_OK)
        return err;
    const struct {
        const char *name;
        uint32_t *class;
    } rows[] = {
        {"threat", &words.threat},     {"self_harm", &words.self_harm}, {"abuse", &words.abuse},
        {"override", &words.override}, {"rules", &words.rules},         {"reveal", &words.reveal},
        {"prompt", &words.prompt},     {"injection", &words.injection},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        *rows[i].class = act_lexicon_find(&words.words, rows[i].name);
        if (*rows[i].class == words.words.classes_count)
            return ACT_E_CONFIG;
    }
    *self = words;
    return ACT_E_OK;
}

typedef struct {
    const risk_words_t *words;
    uint32_t override_until; // an object before this token belongs to the verb
    uint32_t reveal_until;
    uint32_t flags;
} look_t;

static void look_at(look_t *look, uint32_t class, uint32_t first)
{
    const risk_words_t *words = look->words;
    if (class == words->threat)
        look->flags |= 1u << RISK_THREAT;
    else if (class == words->self_harm)
        look->flags |= 1u << RISK_SELF_HARM;
    else if (class == words->abuse)
        look->flags |= 1u << RISK_ABUSE;
    else if (class == words->injection)
        look->flags |= 1u << RISK_PROMPT_INJECTION;
    else if ((class == words->rules || class == words->prompt) && first < look->override_until)
        look->flags |= 1u << RISK_PROMPT_INJECTION;
    else if (class == words->prompt && first < look->reveal_until)
        look->flags |= 1u << RISK_PROMPT_INJECTION;
    else if (class == words->override)
        look->override_until = first + REACH_TOKENS;
    else if (class == words->reveal)
        look->reveal_until = first + REACH_TOKENS;
}

uint32_t risk_flags(const risk_words_t *self, const act_tokens_t *tokens, act_str_t text)
{
    act_match_t matches[MATCHES_MAX];
    uint32_t count =
        act_lexicon_match(&self->words, tokens, ACT_LANGUAGE_NONE, matches, MATCHES_MAX);
    look_t look = {.words = self};
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t c = 0; c < matches[i].classes_count; c++)
            look_at(&look, matches[i].classes[c], matches[i].first);
    if (payment_has_card(text) || payment_has_iban(text))
        look.flags |= 1u << RISK_PAYMENT_DATA;
    return look.flags;
}
