// worker_kills: broker.md row 5. Four workers of a real broker are killed at random while 48 calls are
// always open; one other worker lives at every kill. From the workers' journal: every call has run and
// was answered once, one that ran again was told so (attempt > 1), and a call that lost its worker began
// at another one soon. Prints one JSON line; exit code 1 when something of it does not hold.
//
//   worker_kills --broker build/services/parley-broker [--kills 1000] [--seed 1] [--limit-ms 50]
#include "bus_stage.h"
#include "dice.h"

#include "base/args.h"
#include "base/mem.h"
#include "base/time.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_COUNT 4
#define WINDOW_COUNT 48
#define BODY_BYTES 512
#define CALLS_MAX_COUNT (1u << 20)
#define KILLS_MAX_COUNT 10000
#define KILL_MIN_MS 40
#define KILL_MAX_MS 140
#define DRAIN_LIMIT_MS 60000
#define KILLS_LIMIT_MS 600000

typedef struct {
    int32_t pid;
    int64_t at_us;
} kill_t;

typedef struct {
    int64_t asked_us;
    uint32_t answers_count;
    bool is_failed;
} asked_t;

typedef struct {
    uint32_t kills_wanted;
    int64_t limit_ms;
    bus_stage_t *stage;
    dice_t dice;
    act_timer_t *timer;
    kill_t kills[KILLS_MAX_COUNT];
    uint32_t kills_count;
    asked_t calls[CALLS_MAX_COUNT];
    uint32_t calls_count;
    uint32_t open_count;
    int64_t call_max_us;
    bool is_over;
} kills_t;

// What the journal says.
typedef struct {
    uint32_t lost, failed, answered_twice, unmarked, repeated, requeued;
    int64_t p50_us, p99_us, max_us;
} verdict_t;

// --- the load ------------------------------------------------------------------------------------

typedef struct {
    kills_t *owner;
    uint32_t number;
} ask_t;

static void ask(kills_t *self);

static void on_answer(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    ask_t *question = context;
    kills_t *self = question->owner;
    asked_t *call = &self->calls[question->number - 1];
    stage_work_t work = {0};
    if (reply->body.len_bytes == sizeof work)
        memcpy(&work, reply->body.ptr, sizeof work);
    call->answers_count++;
    call->is_failed = reply->err != ACT_E_OK || work.number != question->number;
    int64_t took_us = act_time_mono_us() - call->asked_us;
    if (took_us > self->call_max_us)
        self->call_max_us = took_us;
    self->open_count--;
    act_free(question);
    if (!self->is_over)
        ask(self);
}

static void ask(kills_t *self)
{
    if (self->calls_count == CALLS_MAX_COUNT)
        return;
    uint32_t number = ++self->calls_count;
    self->calls[number - 1].asked_us = act_time_mono_us();
    ask_t *question = act_alloc(sizeof *question);
    *question = (ask_t){self, number};
    self->open_count++;
    stage_work_t work = {number, (uint32_t)dice_between(&self->dice, 2, 10)};
    bus_stage_call(self->stage, "worker", &work, ACT_CLASS_INTERACTIVE, BODY_BYTES, on_answer,
                   question);
}

// --- the kills -----------------------------------------------------------------------------------

static bool was_killed(const kills_t *self, int32_t pid)
{
    for (uint32_t i = self->kills_count; i > 0; i--)
        if (self->kills[i - 1].pid == pid)
            return true;
    return false;
}

static void kill_one(void *context)
{
    kills_t *self = context;
    journal_t *journal = bus_stage_journal(self->stage);
    int32_t alive[WORKERS_COUNT];
    uint32_t alive_count = 0;
    for (uint32_t i = 0; i < WORKERS_COUNT; i++) {
        int32_t pid = atomic_load(&journal->slots[i].pid);
        if (pid > 0 && !was_killed(self, pid))
            alive[alive_count++] = pid;
    }
    if (alive_count >= 2) {
        kill_t *entry = &self->kills[self->kills_count++];
        *entry = (kill_t){alive[dice_below(&self->dice, alive_count)], act_time_mono_us()};
        kill(entry->pid, SIGKILL);
    }
    if (self->kills_count < self->kills_wanted)
        act_timer_start(self->timer, dice_between(&self->dice, KILL_MIN_MS, KILL_MAX_MS), 0);
}

static bool are_all_killed(void *context)
{
    const kills_t *self = context;
    return self->kills_count == self->kills_wanted;
}

static bool are_all_answered(void *context)
{
    const kills_t *self = context;
    return self->open_count == 0;
}

// --- the journal ---------------------------------------------------------------------------------

static int compare_rows(const void *a, const void *b)
{
    const journal_row_t *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

static int64_t killed_us(const kills_t *self, int32_t pid)
{
    for (uint32_t i = 0; i < self->kills_count; i++)
        if (self->kills[i].pid == pid)
            return self->kills[i].at_us;
    return 0;
}

// A call that was in a dead worker's pipe and never began there: which kill took it is not known. The
// oldest since it was asked counts, which is the longest it can have been.
static int64_t earliest_kill_us(const kills_t *self, const journal_row_t *row)
{
    int64_t asked_us = self->calls[row->number - 1].asked_us;
    for (uint32_t i = 0; i < self->kills_count; i++)
        if (self->kills[i].at_us >= asked_us)
            return self->kills[i].at_us < row->began_us ? self->kills[i].at_us : 0;
    return 0;
}

// From the death of the worker that had it before to its beginning at this one; 0: not known.
static int64_t requeue_us(const kills_t *self, const journal_row_t *row,
                          const journal_row_t *before)
{
    int64_t from_us = before ? killed_us(self, before->pid) : earliest_kill_us(self, row);
    return from_us > 0 && row->began_us > from_us ? row->began_us - from_us : 0;
}

static void read_journal(kills_t *self, verdict_t *verdict)
{
    journal_t *journal = bus_stage_journal(self->stage);
    uint32_t count = atomic_load(&journal->rows_count);
    count = count < JOURNAL_ROWS_MAX_COUNT ? count : JOURNAL_ROWS_MAX_COUNT;
    qsort(journal->rows, count, sizeof *journal->rows, compare_rows);
    int64_t *times = act_alloc_array(count + 1, sizeof *times);
    for (uint32_t i = 0; i < count; i++) {
        const journal_row_t *row = &journal->rows[i];
        if (row->number == 0)
            continue; // killed while it wrote this
        const journal_row_t *before = i > 0 ? row - 1 : NULL;
        bool is_again = before && before->number == row->number;
        verdict->repeated += is_again;
        verdict->unmarked += is_again && row->attempt <= before->attempt;
        bool is_next = is_again && before->attempt + 1 == row->attempt;
        int64_t took_us = row->attempt > 1 ? requeue_us(self, row, is_next ? before : NULL) : 0;
        if (took_us > 0)
            times[verdict->requeued++] = took_us;
    }
    verdict->p50_us = bus_stage_rank(times, verdict->requeued, 500);
    verdict->p99_us = bus_stage_rank(times, verdict->requeued, 990);
    verdict->max_us = bus_stage_rank(times, verdict->requeued, 1000);
    act_free(times);
}

static verdict_t judge(kills_t *self)
{
    verdict_t verdict = {0};
    for (uint32_t i = 0; i < self->calls_count; i++) {
        verdict.lost += self->calls[i].answers_count == 0;
        verdict.answered_twice += self->calls[i].answers_count > 1;
        verdict.failed += self->calls[i].is_failed;
    }
    read_journal(self, &verdict);
    return verdict;
}

// --- the run -------------------------------------------------------------------------------------

static int report(kills_t *self, int64_t took_ms)
{
    const status_reply_t *status = bus_stage_status(self->stage);
    verdict_t v = judge(self);
    bool is_good = status && bus_stage_is_conserved(status) && status->dead == 0 && v.lost == 0 &&
                   v.failed == 0 && v.answered_twice == 0 && v.unmarked == 0 && v.requeued > 0 &&
                   v.p99_us <= self->limit_ms * 1000 && self->kills_count == self->kills_wanted;
    printf("{\"kills\":%u,\"calls\":%u,\"seconds\":%.1f,\"lost\":%u,\"failed\":%u,"
           "\"answered_twice\":%u,\"ran_again\":%u,\"ran_again_as_new\":%u,\"requeued\":%llu,"
           "\"dead\":%llu,\"is_conserved\":%s,\"requeue_measured\":%u,\"requeue_p50_ms\":%.2f,"
           "\"requeue_p99_ms\":%.2f,\"requeue_max_ms\":%.2f,\"call_max_ms\":%.1f}\n",
           self->kills_count, self->calls_count, (double)took_ms / 1000, v.lost, v.failed,
           v.answered_twice, v.repeated, v.unmarked,
           (unsigned long long)(status ? status->requeued : 0),
           (unsigned long long)(status ? status->dead : 0),
           status && bus_stage_is_conserved(status) ? "true" : "false", v.requeued,
           (double)v.p50_us / 1000, (double)v.p99_us / 1000, (double)v.max_us / 1000,
           (double)self->call_max_us / 1000);
    return is_good ? 0 : 1;
}

static int run(kills_t *self)
{
    if (!bus_stage_wait_ready(self->stage, "worker", WORKERS_COUNT))
        return 75;
    int64_t began_ms = act_time_mono_ms();
    for (int i = 0; i < WINDOW_COUNT; i++)
        ask(self);
    self->timer = act_timer_new(act_actor_loop(bus_stage_driver(self->stage)), kill_one, self);
    act_timer_start(self->timer, KILL_MAX_MS, 0);
    (void)bus_stage_wait(self->stage, are_all_killed, self, KILLS_LIMIT_MS);
    bus_stage_pass(self->stage, 200); // calls go on for a moment
    self->is_over = true;
    (void)bus_stage_wait(self->stage, are_all_answered, self, DRAIN_LIMIT_MS);
    act_timer_destroy(&self->timer);
    return report(self, act_time_mono_ms() - began_ms);
}

int main(int argc, char **argv)
{
    if (bus_stage_is_worker(argc, argv))
        return bus_stage_be_worker(argc, argv);
    static const char *const entries[] = {
        "name: worker, count: 4, intensity_count: 1000, intensity_ms: 1000, backoff_ms: 1, "
        "backoff_max_ms: 1, settings: [\"take_messages=12\"]"};
    kills_t *self = act_alloc(sizeof *self);
    self->kills_wanted = 1000;
    self->limit_ms = 50;
    int64_t seed = 1;
    const char *broker = NULL;
    const act_arg_t table[] = {
        {"broker", .text = &broker},
        {"kills", .count = &self->kills_wanted, .min = 1, .max = KILLS_MAX_COUNT},
        {"seed", .integer = &seed},
        {"limit-ms", .integer = &self->limit_ms},
        {0},
    };
    if (!act_args_read(argc, argv, table) || !broker) {
        fputs("worker_kills --broker PROGRAM [--kills 1..10000] [--seed N] [--limit-ms MS]\n",
              stderr);
        return 64;
    }
    self->dice = dice_new((uint64_t)seed);
    self->stage = bus_stage_new(broker, entries, ACT_COUNT(entries));
    int code = self->stage ? run(self) : 73;
    bus_stage_destroy(&self->stage);
    act_free(self);
    return code;
}
