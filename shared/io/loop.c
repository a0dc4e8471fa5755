// loop: libuv with timers and descriptor watches whose owners may free them at any moment. The libuv
// handle lives on until its close callback; only the handle, never the owner, is touched there.
#include "io/loop.h"

#include "base/assert.h"
#include "base/mem.h"

#include <time.h>

// libwebsockets closes its handles over several turns.
#define CLOSE_TURNS_MAX 64

struct act_loop {
    uv_loop_t uv;
    bool was_stopped;
    uv_prepare_t pause;
    int64_t pause_us;
};

struct act_timer {
    uv_timer_t uv; // first: the handle is the object
    act_timer_fn *fn;
    void *context;
};

struct act_watch {
    uv_poll_t uv; // first: the handle is the object
    act_watch_fn *fn;
    void *context;
    int events;
};

typedef struct {
    uv_timer_t uv;
    act_timer_fn *fn;
    void *context;
} posted_t;

act_loop_t *act_loop_new(void)
{
    act_loop_t *self = act_alloc(sizeof *self);
    act_assert(uv_loop_init(&self->uv) == 0);
    uv_prepare_init(&self->uv, &self->pause);
    uv_unref((uv_handle_t *)&self->pause);
    self->pause.data = self;
    return self;
}

void act_loop_destroy(act_loop_t **self_p)
{
    if (!*self_p)
        return;
    uv_close((uv_handle_t *)&(*self_p)->pause, NULL);
    // Handles that were closed in the last turn still owe their close callbacks. A handle that is
    // still open here was forgotten by its owner: our bug.
    int result = UV_EBUSY;
    for (int turn = 0; turn < CLOSE_TURNS_MAX && result == UV_EBUSY; turn++) {
        uv_run(&(*self_p)->uv, UV_RUN_NOWAIT);
        result = uv_loop_close(&(*self_p)->uv);
    }
    act_assert(result == 0);
    act_free(act_take(self_p));
}

static void on_pause(uv_prepare_t *uv)
{
    const act_loop_t *self = uv->data;
    (void)nanosleep(&(struct timespec){.tv_nsec = self->pause_us * 1000}, NULL);
}

void act_loop_set_pause_us(act_loop_t *self, int64_t pause_us)
{
    act_assert(pause_us >= 0 && pause_us <= 100000);
    self->pause_us = pause_us;
    if (pause_us > 0)
        uv_prepare_start(&self->pause, on_pause);
    else
        uv_prepare_stop(&self->pause);
}

void act_loop_run(act_loop_t *self)
{
    self->was_stopped = false;
    uv_run(&self->uv, UV_RUN_DEFAULT);
}

void act_loop_turn(act_loop_t *self)
{
    uv_run(&self->uv, UV_RUN_ONCE);
}

void act_loop_stop(act_loop_t *self)
{
    self->was_stopped = true;
    uv_stop(&self->uv);
}

bool act_loop_was_stopped(const act_loop_t *self)
{
    return self->was_stopped;
}

uv_loop_t *act_loop_uv(act_loop_t *self)
{
    return &self->uv;
}

int64_t act_loop_now_ms(const act_loop_t *self)
{
    return (int64_t)uv_now(&self->uv);
}

static void free_handle(uv_handle_t *handle)
{
    act_free(handle);
}

// --- timers --------------------------------------------------------------------------------------

static void on_timer(uv_timer_t *uv)
{
    act_timer_t *self = (act_timer_t *)uv;
    self->fn(self->context);
}

act_timer_t *act_timer_new(act_loop_t *loop, act_timer_fn *fn, void *context)
{
    act_timer_t *self = act_alloc(sizeof *self);
    self->fn = fn;
    self->context = context;
    act_assert(uv_timer_init(&loop->uv, &self->uv) == 0);
    return self;
}

void act_timer_destroy(act_timer_t **self_p)
{
    if (!*self_p)
        return;
    uv_close((uv_handle_t *)act_take(self_p), free_handle);
}

void act_timer_start(act_timer_t *self, int64_t delay_ms, int64_t repeat_ms)
{
    uint64_t delay = delay_ms > 0 ? (uint64_t)delay_ms : 0;
    act_assert(uv_timer_start(&self->uv, on_timer, delay, (uint64_t)repeat_ms) == 0);
}

void act_timer_stop(act_timer_t *self)
{
    uv_timer_stop(&self->uv);
}

bool act_timer_is_active(const act_timer_t *self)
{
    return uv_is_active((const uv_handle_t *)&self->uv) != 0;
}

static void on_posted(uv_timer_t *uv)
{
    posted_t *posted = (posted_t *)uv;
    act_timer_fn *fn = posted->fn;
    void *context = posted->context;
    uv_close((uv_handle_t *)uv, free_handle);
    fn(context);
}

void act_loop_post(act_loop_t *self, act_timer_fn *fn, void *context)
{
    posted_t *posted = act_alloc(sizeof *posted);
    posted->fn = fn;
    posted->context = context;
    act_assert(uv_timer_init(&self->uv, &posted->uv) == 0);
    act_assert(uv_timer_start(&posted->uv, on_posted, 0, 0) == 0);
}

// --- descriptors ---------------------------------------------------------------------------------

static void on_ready(uv_poll_t *uv, int status, int events)
{
    act_watch_t *self = (act_watch_t *)uv;
    self->fn(self->context, status, events);
}

act_watch_t *act_watch_new(act_loop_t *loop, int descriptor, act_watch_fn *fn, void *context)
{
    act_watch_t *self = act_alloc(sizeof *self);
    self->fn = fn;
    self->context = context;
    act_assert(uv_poll_init(&loop->uv, &self->uv, descriptor) == 0);
    return self;
}

void act_watch_destroy(act_watch_t **self_p)
{
    if (!*self_p)
        return;
    uv_poll_stop(&(*self_p)->uv);
    uv_close((uv_handle_t *)act_take(self_p), free_handle);
}

void act_watch_set(act_watch_t *self, int events)
{
    if (events == self->events)
        return;
    self->events = events;
    if (events == 0)
        uv_poll_stop(&self->uv);
    else
        act_assert(uv_poll_start(&self->uv, events, on_ready) == 0);
}
