// eval_report: the calibration of intents as tables or as one JSON object.
#pragma once
#include "calibration.h"
#include "intents.h"

#include <stdbool.h>

// Where answers and the truth about them come from.
typedef enum { EVAL_HELD_OUT, EVAL_BUILTIN, EVAL_MODEL, EVAL_SOURCES_COUNT } eval_source_t;

typedef struct {
    calibration_t by_source[EVAL_SOURCES_COUNT];
    uint64_t abandoned_count, handed_over_count; // of turns
    double threshold;                            // that holds now
    bool is_own;                                 // the tenant's own
    bool has_proposal;
    uint32_t proposed_pct;
} eval_intent_t;

typedef struct {
    const char *tenant;
    int64_t days;
    double precision; // that a threshold is proposed for
    eval_intent_t intents[INTENTS_COUNT];
} eval_t;

const char *eval_source_name(eval_source_t source);
// What the proposal is made of: held-out texts and turns of the built-in classifier.
calibration_t eval_evidence(const eval_intent_t *intent);

void eval_print(const eval_t *self);
void eval_print_json(const eval_t *self);
