// risk: what in a message needs care before anything else is done with it. The words are those of
// "risk." in words/<language>.txt and are looked for in every language, whatever the message's own:
// attacks and insults come in English as often as not. They are signs, not proof: a flag makes a
// person look or a filter stricter; it never refuses a customer by itself.
#pragma once
#include "base/err.h"
#include "text/lexicon.h"

typedef enum {
    RISK_THREAT,           // violence against the business
    RISK_SELF_HARM,        // the customer may be in danger
    RISK_ABUSE,            // insults
    RISK_PAYMENT_DATA,     // a card number or an IBAN
    RISK_PROMPT_INJECTION, // words meant for a language model, not for the business
    RISKS_COUNT,
} risk_kind_t;

// "threat", "self_harm", "abuse", "payment_data", "prompt_injection": the values on the wire.
const char *risk_name(risk_kind_t risk);

// A view: nothing to release. The section must outlive it.
typedef struct {
    act_lexicon_t words;
    uint32_t threat; // classes of the lexicon
    uint32_t self_harm;
    uint32_t abuse;
    uint32_t override; // "ignore", and `rules` close behind it: "ignore all previous instructions"
    uint32_t rules;
    uint32_t reveal; // "show me", and `prompt` close behind it: "show me your instructions"
    uint32_t prompt;
    uint32_t injection;
} risk_words_t;

ACT_MUST_CHECK act_err_t risk_words_init(risk_words_t *self, act_str_t section);

// Bits 1 << risk_kind_t. The text is the one the tokens were read from.
uint32_t risk_flags(const risk_words_t *self, const act_tokens_t *tokens, act_str_t text);
