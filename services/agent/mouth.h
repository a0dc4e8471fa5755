// mouth: writes the message from the plan and what it rests on: one question to the model, without tools, a paid
// step of the turn.
#pragma once
#include "turn/paid.h"
#include "proto/model.h"

typedef struct mouth mouth_t;

// Borrowed, for as long as the call lives.
typedef struct {
    act_paid_turn_t turn;
    const char *role; // of the model
    act_str_t system;
    act_str_t context; // context_write_short
    act_str_t plan;
    struct {
        const tool_result_t *items;
        uint32_t count;
    } results;
    int64_t results_tokens; // of them; the last ones are shown
    int64_t max_chars;      // of the answer
} mouth_opts_t;

// `text` is what the model wrote, as it is; it lives as long as the call.
typedef void mouth_fn(void *context, act_err_t err, act_str_t text);

// The user's message of that question.
act_str_t mouth_write(act_arena_t *arena, const mouth_opts_t *opts);

// One callback follows, never before it returned, unless it is cancelled.
mouth_t *mouth_start(const mouth_opts_t *opts, mouth_fn *fn, void *context);
void mouth_cancel(mouth_t **self_p);
