// turn_steps: two lists that become one.
#include "turn_steps.h"

#include "proto/turn.h"
#include "turn.h"

#include <inttypes.h>
#include <stdio.h>

// Settings that decide, as they were when the turn was recorded.
static void take_settings(turn_t *turn)
{
    const session_t *session = turn->session;
    int64_t pct = (int64_t)(session->fast_path_confidence * 100.0 + 0.5);
    act_str_t now = act_arena_printf(turn->arena, "%" PRId64, pct);
    (void)act_str_to_int(act_journal_value(turn->steps.own, "fast_path_confidence_pct", now), &pct);
    turn->fast_path_confidence = (double)pct / 100.0;
}

void turn_steps_start(turn_t *turn, act_steps_t recorded, bool is_replay)
{
    turn->steps.recorded = recorded;
    turn->steps.own = act_journal_new(turn->arena, &(act_journal_opts_t){
                                                       .prefix = ACT_STR("session"),
                                                       .recorded = recorded,
                                                       .is_replay = is_replay,
                                                   });
    take_settings(turn);
}

void turn_steps_take(turn_t *turn, const turn_step_t *items, uint32_t count)
{
    turn_steps_t *self = &turn->steps;
    if (!self->items && count > 0)
        self->items = act_arena_alloc_array(turn->arena, TURN_STEPS_MAX_COUNT, sizeof *items);
    for (uint32_t i = 0; i < count && self->count < TURN_STEPS_MAX_COUNT; i++) {
        turn_step_t step = items[i];
        self->bytes_count += step.result.len_bytes;
        if (self->bytes_count > TURN_STEPS_MAX_BYTES) {
            step.result = (act_str_t){0};
            step.is_cut = true;
        }
        self->items[self->count++] = step;
    }
}

act_steps_t turn_steps_all(const turn_t *turn)
{
    act_steps_t own = act_journal_steps(turn->steps.own);
    uint32_t room = TURN_STEPS_MAX_COUNT - own.count;
    uint32_t count = turn->steps.count < room ? turn->steps.count : room;
    turn_step_t *all = act_arena_alloc_array(turn->arena, own.count + count + 1, sizeof *all);
    for (uint32_t i = 0; i < own.count; i++)
        all[i] = own.items[i];
    for (uint32_t i = 0; i < count; i++)
        all[own.count + i] = turn->steps.items[i];
    return (act_steps_t){all, own.count + count};
}

// What was paid for is in turn_steps since before it was used: only its keys are kept.
static void take_steps(turn_journal_t *journal, act_arena_t *arena, act_steps_t all)
{
    turn_step_t *kept = act_arena_alloc_array(arena, all.count + 1, sizeof *kept);
    act_str_t *paid = act_arena_alloc_array(arena, all.count + 1, sizeof *paid);
    journal->steps.items = kept;
    journal->paid.items = paid;
    for (uint32_t i = 0; i < all.count; i++)
        if (act_str_is(all.items[i].kind, "paid"))
            paid[journal->paid.count++] = all.items[i].step_key;
        else
            kept[journal->steps.count++] = all.items[i];
}

act_str_t turn_steps_pack(turn_t *turn)
{
    if (!turn->steps.own)
        return (act_str_t){0};
    turn_begin_reply_t input = turn->begin; // but for the messages: they are rows of the inbox
    input.pending.count = 0;
    turn_journal_t journal = {
        .input = act_model_packed(&turn_begin_reply_model, &input, turn->arena),
        .flow_state = turn->flow_state,
        .format = TURN_JOURNAL_FORMAT,
        .refused_error = turn->is_last_resort ? (uint32_t)turn->fallback_err : 0,
    };
    take_steps(&journal, turn->arena, turn_steps_all(turn));
    return act_model_packed(&turn_journal_model, &journal, turn->arena);
}

act_call_opts_t turn_step_opts(const turn_t *turn)
{
    act_call_opts_t opts = turn_call_opts(turn);
    opts.tape = turn->steps.own ? act_journal_tape(turn->steps.own) : NULL;
    opts.arena = turn->arena;
    return opts;
}

act_call_opts_t turn_pure_opts(const turn_t *turn)
{
    act_call_opts_t opts = turn_call_opts(turn);
    opts.tape = turn->steps.own ? act_journal_failures(turn->steps.own) : NULL;
    opts.arena = turn->arena;
    return opts;
}
