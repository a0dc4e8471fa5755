// hands_io: what hands need of the outside: calls and time. The bus in the process; a test stands in for all
// of it, fast enough for a million calls.
#pragma once
#include "actor/actor.h"
#include "metrics.h"

typedef void hands_answer_fn(void *context, const act_reply_t *reply);

typedef struct {
    void *self;
    // As act_actor_call, but that the answer is not decoded.
    uint64_t (*ask)(void *self, const char *service, const act_method_t *method,
                    const act_call_opts_t *opts, const void *request, hands_answer_fn *fn,
                    void *context);
    void (*cancel)(void *self, uint64_t call_id);
    int64_t (*now_ms)(void *self);
    void (*count)(void *self, agent_metric_t metric);
} hands_io_t;

// `self` is the actor.
hands_io_t hands_io_bus(act_actor_t *actor);
