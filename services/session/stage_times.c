// stage_times: a short list of when each stage began.
#include "stage_times.h"

#include "base/time.h"
#include "proto/broker_service.h"

void stage_times_enter(stage_times_t *self, const char *name)
{
    if (self->count < STAGE_TIMES_MAX_COUNT)
        self->rows[self->count++] = (stage_time_row_t){name, act_time_mono_us()};
}

int64_t stage_times_total_us(const stage_times_t *self)
{
    return self->count ? act_time_mono_us() - self->rows[0].began_us : 0;
}

void stage_times_send(const stage_times_t *self, act_actor_t *actor, const act_trace_t *trace,
                      const char *turn_id)
{
    stage_time_t stages[STAGE_TIMES_MAX_COUNT];
    int64_t now_us = act_time_mono_us();
    for (uint32_t i = 0; i < self->count; i++) {
        const stage_time_row_t *row = &self->rows[i];
        int64_t ended_us = i + 1 < self->count ? self->rows[i + 1].began_us : now_us;
        stages[i] = (stage_time_t){
            .name = act_str(row->name),
            .ended_ago_us = (uint64_t)(now_us - ended_us),
            .took_us = (uint64_t)(ended_us - row->began_us),
        };
    }
    stages_request_t request = {.turn_id = act_str(turn_id), .stages = {stages, self->count}};
    act_call_opts_t opts = {.trace = trace};
    bus_stages(actor, &opts, &request);
}
