// facts: what may be remembered of a contact, and which claims are believed. A fact is a few words of the
// customer, found in a message of their own, of one of the types below. It is data: whatever else it says,
// it is short, stands on one line, and comes into the model's context as a value (promises.md S-37).
// Pure functions.
#pragma once
#include "base/arena.h"
#include "proto/persistence.h"

typedef struct {
    const char *name;
    const char *meaning; // for the model
    uint32_t max_chars;
    uint32_t max_words;
    uint32_t keep_days;
    uint32_t max_count;                // of one contact; the newest stay
    bool (*is_valid)(act_str_t value); // NULL: any words
} fact_type_t;

extern const fact_type_t fact_types[]; // ends with a row without name
const fact_type_t *fact_type_find(act_str_t name);

// What somebody, a model or a rule, says about the lines of a conversation.
typedef struct {
    act_str_t type;
    act_str_t value;
    int64_t line; // counted from 1
    int64_t confidence_pct;
} fact_claim_t;

// NULL: believed, and *ret_fact has the value as the line has it. Else the reason, for counting and logs.
const char *fact_check(const memory_line_t *lines, uint32_t lines_count, const fact_claim_t *claim,
                       new_fact_t *ret_fact);

// The facts that need no model: a name, an e-mail address, a phone number, where the customer says that
// it is theirs. Returns how many; at most max_count.
uint32_t facts_find(const memory_line_t *lines, uint32_t lines_count, act_arena_t *arena,
                    new_fact_t *ret_facts, uint32_t max_count);
