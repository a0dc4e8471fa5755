// loop: the one libuv loop of a process, with timers. Callbacks never block; what takes longer than
// slow_handler_ms (default 10) is logged.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

typedef struct act_loop act_loop_t;
typedef struct act_timer act_timer_t;
typedef void act_timer_fn(void *context);

act_loop_t *act_loop_new(void);
void act_loop_destroy(act_loop_t **self_p);

// Runs until act_loop_stop.
void act_loop_run(act_loop_t *self);
void act_loop_stop(act_loop_t *self);
// Was it told to, since act_loop_run or the first turn?
bool act_loop_was_stopped(const act_loop_t *self);
// One turn: waits for the next event and handles what is there. For programs that wait for one thing.
void act_loop_turn(act_loop_t *self);

// For libraries that need the libuv loop itself.
uv_loop_t *act_loop_uv(act_loop_t *self);

// Monotonic time read once a turn.
int64_t act_loop_now_ms(const act_loop_t *self);

// Sleeps so long before each look for events (0: not, at most 100000): a turn then has the events of that
// time at once, which takes less of a busy machine than waking up for each.
void act_loop_set_pause_us(act_loop_t *self, int64_t pause_us);

// Calls fn after delay_ms, and then every repeat_ms if that is not 0. The timer lives until
// act_timer_destroy, which may be called at any time, from its own callback too.
act_timer_t *act_timer_new(act_loop_t *loop, act_timer_fn *fn, void *context);
void act_timer_destroy(act_timer_t **self_p);
void act_timer_start(act_timer_t *self, int64_t delay_ms, int64_t repeat_ms);
void act_timer_stop(act_timer_t *self);
bool act_timer_is_active(const act_timer_t *self);

// Runs fn once on this loop at the end of the current turn, never inside the call itself.
void act_loop_post(act_loop_t *self, act_timer_fn *fn, void *context);

// Watches a descriptor (UV_READABLE | UV_WRITABLE). fn is told what is ready, or a negative libuv
// error. Destroy before closing the descriptor.
typedef struct act_watch act_watch_t;
typedef void act_watch_fn(void *context, int status, int events);
act_watch_t *act_watch_new(act_loop_t *loop, int descriptor, act_watch_fn *fn, void *context);
void act_watch_destroy(act_watch_t **self_p);
void act_watch_set(act_watch_t *self, int events);
