// hostile_calls: what stands in for the model in hostile_test.c: it emits any name and any text. Some of it is
// right, so that the way is not closed by accident.
#pragma once
#include "base/arena.h"
#include "proto/model.h"

typedef struct {
    uint64_t state; // of the dice; never 0
} hostile_dice_t;

uint32_t hostile_below(hostile_dice_t *dice, uint32_t count);

// The calls of one answer, at most max_count; texts are the arena's. `earlier`: a call of before, to be
// said again; NULL: none.
uint32_t hostile_calls(hostile_dice_t *dice, act_arena_t *arena, const tool_call_t *earlier,
                       tool_call_t *ret_calls, uint32_t max_count);
