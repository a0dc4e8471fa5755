// hands_io: the bus.
#include "hands_io.h"

static void on_reply(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    ((hands_answer_fn *)fn)(context, reply);
}

static uint64_t ask(void *self, const char *service, const act_method_t *method,
                    const act_call_opts_t *opts, const void *request, hands_answer_fn *fn,
                    void *context)
{
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_pack(method->request, request, &body);
    uint64_t id =
        act_actor_call(self, service, method, opts, &body, on_reply, (act_fn_t *)fn, context);
    act_buf_fini(&body);
    return id;
}

static void cancel(void *self, uint64_t call_id)
{
    act_actor_cancel(self, call_id);
}

static int64_t now_ms(void *self)
{
    return act_loop_now_ms(act_actor_loop(self));
}

static void count(void *self, agent_metric_t metric)
{
    act_metrics_add(act_actor_metrics(self), metric, 1);
}

hands_io_t hands_io_bus(act_actor_t *actor)
{
    return (hands_io_t){
        .self = actor, .ask = ask, .cancel = cancel, .now_ms = now_ms, .count = count};
}
