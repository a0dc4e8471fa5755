// stage_times: where the time of a turn went: from the quiet window to the commit, one stage after the
// other without a gap. Told to the broker, for traces that are followed, at the end of the turn.
#pragma once
#include "actor/actor.h"

// More stages (begin and commit are tried again) are not noted.
#define STAGE_TIMES_MAX_COUNT 32

typedef struct {
    const char *name; // borrowed for ever
    int64_t began_us; // monotonic
} stage_time_row_t;

typedef struct {
    stage_time_row_t rows[STAGE_TIMES_MAX_COUNT];
    uint32_t count;
} stage_times_t;

// The stage begins; the one before it, if any, has ended.
void stage_times_enter(stage_times_t *self, const char *name);
// Since the first stage began; 0: none did.
int64_t stage_times_total_us(const stage_times_t *self);
// The last stage has ended: sends all to the broker as a hint.
void stage_times_send(const stage_times_t *self, act_actor_t *actor, const act_trace_t *trace,
                      const char *turn_id);
