// stopped_worker: broker.md row 1. The only worker of a service is stopped (SIGSTOP) while far more calls
// are made than it could take. It is sent no more than its credit, the broker's memory stays where it is,
// producers hear OVERLOADED and when to come again, the calls of another service are answered meanwhile,
// and when the worker goes on, whatever was accepted is answered. Prints one JSON line; exit code 1 when
// something of it does not hold. Latencies are reported, not judged.
//
//   stopped_worker --broker build/services/parley-broker [--stop-ms 8000]
#include "bus_stage.h"

#include "base/args.h"
#include "base/mem.h"
#include "base/time.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAKE_MESSAGES 64
#define TAKE_BYTES (512u << 10) // 16 of the calls below: bytes bind
#define BODY_BYTES (32u << 10)
#define WORK_MS 20
#define CALM_COUNT 8     // open calls while all is well
#define WINDOW_COUNT 2120 // more than the broker's 64 MiB for a service
#define OTHER_EVERY_MS 5
#define OTHERS_MAX_COUNT 40000
#define CALM_MS 3000
#define SETTLE_MS 1000
#define SAMPLE_MS 100
#define FLAT_PCT 5
#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true // keeps what was freed for a while, so its memory says nothing
#else
#define IS_SANITIZED false
#endif
#define DRAIN_LIMIT_MS 60000

typedef struct {
    uint32_t count;
    int64_t took_us[OTHERS_MAX_COUNT];
} samples_t;

typedef struct {
    bus_stage_t *stage;
    int64_t stop_ms;
    uint32_t number;
    uint32_t window, open_count, waiting_count; // waiting: refused, to be asked again
    int64_t waiting_until_ms;
    uint64_t answered, failed, overloaded, overloaded_without_time;
    uint32_t retry_after_ms;
    samples_t calm, stopped;
    samples_t *others; // where the other service's answers are counted now; NULL: nowhere
    uint32_t others_open;
    uint64_t others_failed;
    int64_t other_due_ms;
    bool is_over;
} stopped_t;

// --- the service that stands still ---------------------------------------------------------------

static void on_answer(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    stopped_t *self = context;
    self->open_count--;
    if (reply->err == ACT_E_OVERLOADED) {
        self->overloaded++;
        self->overloaded_without_time += reply->retry_after_ms == 0;
        self->retry_after_ms = reply->retry_after_ms;
        self->waiting_until_ms = act_time_mono_ms() + reply->retry_after_ms;
        self->waiting_count++;
        return;
    }
    self->answered += reply->err == ACT_E_OK;
    self->failed += reply->err != ACT_E_OK;
}

static void fill(stopped_t *self)
{
    if (act_time_mono_ms() >= self->waiting_until_ms)
        self->waiting_count = 0;
    while (!self->is_over && self->open_count + self->waiting_count < self->window) {
        self->open_count++;
        stage_work_t work = {++self->number, WORK_MS};
        bus_stage_call(self->stage, "worker", &work, ACT_CLASS_INTERACTIVE, BODY_BYTES, on_answer,
                       self);
    }
}

// --- the other service ---------------------------------------------------------------------------

typedef struct {
    stopped_t *owner;
    int64_t asked_us;
} probe_t;

static void on_other(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    probe_t *probe = context;
    stopped_t *self = probe->owner;
    self->others_open--;
    self->others_failed += reply->err != ACT_E_OK;
    samples_t *samples = self->others;
    if (samples && samples->count < OTHERS_MAX_COUNT)
        samples->took_us[samples->count++] = act_time_mono_us() - probe->asked_us;
    act_free(probe);
}

static void ask_other(stopped_t *self)
{
    int64_t now_ms = act_time_mono_ms();
    if (self->is_over || now_ms < self->other_due_ms)
        return;
    self->other_due_ms = now_ms + OTHER_EVERY_MS;
    probe_t *probe = act_alloc(sizeof *probe);
    *probe = (probe_t){self, act_time_mono_us()};
    self->others_open++;
    stage_work_t work = {0};
    bus_stage_call(self->stage, "other", &work, ACT_CLASS_INTERACTIVE, sizeof work, on_other,
                   probe);
}

static void on_pulse(void *context)
{
    stopped_t *self = context;
    fill(self);
    ask_other(self);
}

// --- what is looked at ---------------------------------------------------------------------------

static int64_t rss_kb(pid_t pid)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    long long found = 0;
    while (file && found == 0 && fgets(line, sizeof line, file))
        (void)sscanf(line, "VmRSS: %lld", &found);
    if (file)
        fclose(file);
    return found;
}

static const instance_view_t *view_of(const status_reply_t *status, const char *instance)
{
    for (uint32_t i = 0; status && i < status->instances.count; i++)
        if (act_str_is(status->instances.items[i].instance, instance))
            return &status->instances.items[i];
    return NULL;
}

static bool was_refused(void *context)
{
    const stopped_t *self = context;
    return self->overloaded > 0;
}

static bool is_drained(void *context)
{
    const stopped_t *self = context;
    return self->open_count == 0 && self->others_open == 0;
}

// --- the run -------------------------------------------------------------------------------------

typedef struct {
    int64_t low_kb, high_kb;
    uint32_t in_flight;
    bool is_conserved;
} seen_t;

// Watches the broker's memory while the worker stands still.
static void watch(stopped_t *self, seen_t *seen)
{
    pid_t broker = bus_stage_broker(self->stage);
    seen->low_kb = seen->high_kb = rss_kb(broker);
    for (int64_t end_ms = act_time_mono_ms() + self->stop_ms; act_time_mono_ms() < end_ms;) {
        bus_stage_pass(self->stage, SAMPLE_MS);
        int64_t now_kb = rss_kb(broker);
        seen->low_kb = now_kb < seen->low_kb ? now_kb : seen->low_kb;
        seen->high_kb = now_kb > seen->high_kb ? now_kb : seen->high_kb;
    }
}

static int report(stopped_t *self, const seen_t *seen)
{
    const journal_t *journal = bus_stage_journal(self->stage);
    uint64_t held_bytes = 0;
    uint32_t held_count = 0;
    for (uint32_t i = 0; i < journal->slots_count && i < JOURNAL_SLOTS_MAX_COUNT; i++)
        if (strcmp(journal->slots[i].name, "worker-1") == 0) {
            held_bytes = journal->slots[i].held_max_bytes;
            held_count = journal->slots[i].held_max_count;
        }
    bool is_flat = IS_SANITIZED || seen->high_kb * 100 <= seen->low_kb * (100 + FLAT_PCT);
    bool is_within_credit = held_bytes > 0 && held_bytes <= TAKE_BYTES &&
                            held_count <= TAKE_MESSAGES &&
                            (uint64_t)seen->in_flight * BODY_BYTES <= TAKE_BYTES;
    bool is_good = is_flat && is_within_credit && seen->is_conserved && self->failed == 0 &&
                   self->open_count == 0 && self->overloaded > 0 &&
                   self->overloaded_without_time == 0 && self->others_failed == 0 &&
                   self->others_open == 0 && self->stopped.count > 0;
    samples_t *calm = &self->calm, *stopped = &self->stopped;
    printf("{\"credit_bytes\":%u,\"held_max_bytes\":%llu,\"held_max\":%u,\"rss_low_kb\":%lld,"
           "\"rss_high_kb\":%lld,\"overloaded\":%llu,\"retry_after_ms\":%u,\"answered\":%llu,"
           "\"failed\":%llu,\"others\":%u,\"others_failed\":%llu,\"other_calm_p50_us\":%lld,"
           "\"other_calm_p99_us\":%lld,\"other_stopped_p50_us\":%lld,\"other_stopped_p99_us\":%lld,"
           "\"is_conserved\":%s}\n",
           TAKE_BYTES, (unsigned long long)held_bytes, held_count, (long long)seen->low_kb,
           (long long)seen->high_kb, (unsigned long long)self->overloaded, self->retry_after_ms,
           (unsigned long long)self->answered, (unsigned long long)self->failed, stopped->count,
           (unsigned long long)self->others_failed,
           (long long)bus_stage_rank(calm->took_us, calm->count, 500),
           (long long)bus_stage_rank(calm->took_us, calm->count, 990),
           (long long)bus_stage_rank(stopped->took_us, stopped->count, 500),
           (long long)bus_stage_rank(stopped->took_us, stopped->count, 990),
           seen->is_conserved ? "true" : "false");
    return is_good ? 0 : 1;
}

static int run(stopped_t *self)
{
    if (!bus_stage_wait_ready(self->stage, "worker", 1) ||
        !bus_stage_wait_ready(self->stage, "other", 1))
        return 75;
    pid_t worker = bus_stage_pid(self->stage, "worker-1");
    act_timer_t *pulse =
        act_timer_new(act_actor_loop(bus_stage_driver(self->stage)), on_pulse, self);
    act_timer_start(pulse, 1, 1);
    self->window = CALM_COUNT;
    bus_stage_pass(self->stage, SETTLE_MS);
    self->others = &self->calm;
    bus_stage_pass(self->stage, CALM_MS);
    self->others = NULL;
    kill(worker, SIGSTOP);
    self->window = WINDOW_COUNT;
    (void)bus_stage_wait(self->stage, was_refused, self, DRAIN_LIMIT_MS);
    bus_stage_pass(self->stage, SETTLE_MS);
    const instance_view_t *view = view_of(bus_stage_status(self->stage), "worker-1");
    seen_t seen = {.in_flight = view ? view->in_flight : UINT32_MAX};
    self->others = &self->stopped;
    watch(self, &seen);
    self->others = NULL;
    self->is_over = true;
    kill(worker, SIGCONT);
    (void)bus_stage_wait(self->stage, is_drained, self, DRAIN_LIMIT_MS);
    act_timer_destroy(&pulse);
    const status_reply_t *status = bus_stage_status(self->stage);
    seen.is_conserved = status && bus_stage_is_conserved(status);
    return report(self, &seen);
}

int main(int argc, char **argv)
{
    if (bus_stage_is_worker(argc, argv))
        return bus_stage_be_worker(argc, argv);
    static const char *const entries[] = {
        "name: worker, hang_ms: 600000, settings: [\"take_messages=64\", \"take_bytes=524288\"]",
        "name: other, count: 1"};
    stopped_t *self = act_alloc(sizeof *self);
    self->stop_ms = 8000;
    const char *broker = NULL;
    const act_arg_t table[] = {
        {"broker", .text = &broker},
        {"stop-ms", .integer = &self->stop_ms, .min = SAMPLE_MS, .max = 15000},
        {0},
    };
    if (!act_args_read(argc, argv, table) || !broker) {
        fputs("stopped_worker --broker PROGRAM [--stop-ms 100..15000]\n", stderr);
        return 64;
    }
    self->stage = bus_stage_new(broker, entries, ACT_COUNT(entries));
    int code = self->stage ? run(self) : 73;
    bus_stage_destroy(&self->stage);
    act_free(self);
    return code;
}
