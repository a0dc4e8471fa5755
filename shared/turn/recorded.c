// recorded: one question to persistence.
#include "turn/recorded.h"

#include "proto/persistence_service.h"

typedef struct {
    act_call_t *call;
    act_recorded_fn *fn;
    void *context;
} question_t;

bool act_recorded_is_needed(const act_call_t *call, bool is_replay)
{
    return act_call_header(call)->attempt > 1 && !is_replay;
}

static void on_steps(void *context, const act_reply_t *reply, const list_turn_steps_reply_t *body)
{
    const question_t *self = context;
    act_steps_t steps = {0};
    if (reply->err == ACT_E_OK)
        steps = (act_steps_t){body->steps.items, body->steps.count};
    self->fn(self->context, reply->err, steps);
}

uint64_t act_recorded_find(act_call_t *call, act_str_t conversation_id, act_str_t turn_id,
                           act_recorded_fn *fn, void *context)
{
    question_t *self = act_arena_alloc(act_call_arena(call), sizeof *self);
    *self = (question_t){call, fn, context};
    const turn_request_t request = {.conversation_id = conversation_id, .turn_id = turn_id};
    const act_call_opts_t opts = {.parent = call, .arena = act_call_arena(call)};
    return persistence_list_turn_steps(act_call_actor(call), &opts, &request, on_steps, self);
}
