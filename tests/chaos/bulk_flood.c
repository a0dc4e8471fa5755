// bulk_flood: broker.md row 6. First only interactive calls, one every few milliseconds; then the same
// while a flood of bulk calls is worked off; then both at full load, where bulk must still get a tenth.
// Prints one JSON line; exit code 1 when bulk starved or a call failed. With --limit-pct also when the
// interactive p99 under the flood is more than so many hundredths of the idle one.
//
//   bulk_flood --broker build/services/parley-broker [--calls 100000] [--limit-pct 200]
#include "bus_stage.h"

#include "base/args.h"
#include "base/mem.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>

#define WORKERS_COUNT 2
#define BODY_BYTES 512
#define WORK_MS 1
#define EVERY_MS 4
#define IDLE_MS 4000
#define BULK_WINDOW_COUNT 2000
#define FULL_WINDOW_COUNT 200 // of each class
#define FULL_MS 2000
#define SETTLE_MS 300
#define SAMPLES_MAX_COUNT 200000
#define LIMIT_MS 300000
#define BULK_SHARE_LEAST_PCT 10

typedef struct {
    uint32_t count;
    int64_t took_us[SAMPLES_MAX_COUNT];
} samples_t;

typedef struct {
    bus_stage_t *stage;
    uint32_t bulk_wanted;
    uint32_t window[ACT_CLASS_COUNT]; // calls to keep open
    uint32_t open[ACT_CLASS_COUNT];
    uint64_t left[ACT_CLASS_COUNT]; // to be asked yet
    uint64_t done[ACT_CLASS_COUNT];
    uint64_t failed;
    bool is_probing; // one interactive call every EVERY_MS
    int64_t due_ms;
    samples_t idle, flood;
    samples_t *samples;
} flood_t;

typedef struct {
    flood_t *owner;
    act_class_t class_;
    int64_t asked_us;
    samples_t *samples; // NULL: not measured
} ask_t;

static void fill(flood_t *self, act_class_t class_);

static void on_answer(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    ask_t *question = context;
    flood_t *self = question->owner;
    self->open[question->class_]--;
    self->done[question->class_]++;
    self->failed += reply->err != ACT_E_OK;
    samples_t *samples = question->samples;
    if (samples && samples->count < SAMPLES_MAX_COUNT)
        samples->took_us[samples->count++] = act_time_mono_us() - question->asked_us;
    fill(self, question->class_);
    act_free(question);
}

static void ask(flood_t *self, act_class_t class_, samples_t *samples)
{
    ask_t *question = act_alloc(sizeof *question);
    *question = (ask_t){self, class_, act_time_mono_us(), samples};
    self->open[class_]++;
    stage_work_t work = {.work_ms = WORK_MS};
    bus_stage_call(self->stage, "worker", &work, class_, BODY_BYTES, on_answer, question);
}

static void fill(flood_t *self, act_class_t class_)
{
    for (; self->left[class_] > 0 && self->open[class_] < self->window[class_];
         self->left[class_]--)
        ask(self, class_, NULL);
}

static void on_pulse(void *context)
{
    flood_t *self = context;
    int64_t now_ms = act_time_mono_ms();
    if (!self->is_probing || now_ms < self->due_ms)
        return;
    self->due_ms = now_ms + EVERY_MS;
    ask(self, ACT_CLASS_INTERACTIVE, self->samples);
}

static bool is_bulk_done(void *context)
{
    const flood_t *self = context;
    return self->left[ACT_CLASS_BULK] == 0 && self->open[ACT_CLASS_BULK] == 0;
}

static bool is_all_done(void *context)
{
    const flood_t *self = context;
    return self->open[ACT_CLASS_BULK] + self->open[ACT_CLASS_INTERACTIVE] == 0;
}

static void start(flood_t *self, act_class_t class_, uint32_t window, uint64_t count)
{
    self->window[class_] = window;
    self->left[class_] = count;
    fill(self, class_);
}

// Both classes keep more open than the workers take; the share of bulk in what was done.
static double share_at_full_load(flood_t *self)
{
    start(self, ACT_CLASS_INTERACTIVE, FULL_WINDOW_COUNT, UINT64_MAX);
    start(self, ACT_CLASS_BULK, FULL_WINDOW_COUNT, UINT64_MAX);
    bus_stage_pass(self->stage, SETTLE_MS);
    uint64_t bulk = self->done[ACT_CLASS_BULK], quick = self->done[ACT_CLASS_INTERACTIVE];
    bus_stage_pass(self->stage, FULL_MS);
    bulk = self->done[ACT_CLASS_BULK] - bulk;
    quick = self->done[ACT_CLASS_INTERACTIVE] - quick;
    self->left[ACT_CLASS_BULK] = self->left[ACT_CLASS_INTERACTIVE] = 0;
    (void)bus_stage_wait(self->stage, is_all_done, self, LIMIT_MS);
    return bulk + quick > 0 ? (double)bulk * 100 / (double)(bulk + quick) : 0;
}

static int run(flood_t *self, int64_t limit_pct)
{
    if (!bus_stage_wait_ready(self->stage, "worker", WORKERS_COUNT))
        return 75;
    act_timer_t *pulse =
        act_timer_new(act_actor_loop(bus_stage_driver(self->stage)), on_pulse, self);
    act_timer_start(pulse, 1, 1);
    self->is_probing = true;
    bus_stage_pass(self->stage, SETTLE_MS);
    self->samples = &self->idle;
    bus_stage_pass(self->stage, IDLE_MS);
    self->samples = &self->flood;
    int64_t began_ms = act_time_mono_ms();
    start(self, ACT_CLASS_BULK, BULK_WINDOW_COUNT, self->bulk_wanted);
    bool is_worked_off = bus_stage_wait(self->stage, is_bulk_done, self, LIMIT_MS);
    double took_s = (double)(act_time_mono_ms() - began_ms) / 1000;
    self->is_probing = false;
    (void)bus_stage_wait(self->stage, is_all_done, self, LIMIT_MS);
    double share_pct = share_at_full_load(self);
    act_timer_destroy(&pulse);
    int64_t idle_us = bus_stage_rank(self->idle.took_us, self->idle.count, 990);
    int64_t flood_us = bus_stage_rank(self->flood.took_us, self->flood.count, 990);
    const status_reply_t *status = bus_stage_status(self->stage);
    bool is_conserved = status && bus_stage_is_conserved(status);
    printf("{\"bulk\":%u,\"bulk_seconds\":%.2f,\"idle\":%u,\"flood\":%u,\"idle_p50_us\":%lld,"
           "\"idle_p99_us\":%lld,\"flood_p50_us\":%lld,\"flood_p99_us\":%lld,"
           "\"bulk_share_pct\":%.1f,\"failed\":%llu,\"is_conserved\":%s}\n",
           self->bulk_wanted, took_s, self->idle.count, self->flood.count,
           (long long)bus_stage_rank(self->idle.took_us, self->idle.count, 500), (long long)idle_us,
           (long long)bus_stage_rank(self->flood.took_us, self->flood.count, 500),
           (long long)flood_us, share_pct, (unsigned long long)self->failed,
           is_conserved ? "true" : "false");
    bool is_good = is_worked_off && is_conserved && self->failed == 0 && self->flood.count > 0 &&
                   share_pct >= BULK_SHARE_LEAST_PCT &&
                   (limit_pct == 0 || flood_us * 100 <= idle_us * limit_pct);
    return is_good ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (bus_stage_is_worker(argc, argv))
        return bus_stage_be_worker(argc, argv);
    static const char *const entries[] = {
        "name: worker, count: 2, settings: [\"take_messages=8\"]"};
    flood_t *self = act_alloc(sizeof *self);
    self->bulk_wanted = 100000;
    int64_t limit_pct = 0;
    const char *broker = NULL;
    const act_arg_t table[] = {
        {"broker", .text = &broker},
        {"calls", .count = &self->bulk_wanted, .min = 1},
        {"limit-pct", .integer = &limit_pct},
        {0},
    };
    if (!act_args_read(argc, argv, table) || !broker) {
        fputs("bulk_flood --broker PROGRAM [--calls N] [--limit-pct PCT]\n", stderr);
        return 64;
    }
    self->stage = bus_stage_new(broker, entries, ACT_COUNT(entries));
    int code = self->stage ? run(self, limit_pct) : 73;
    bus_stage_destroy(&self->stage);
    act_free(self);
    return code;
}
