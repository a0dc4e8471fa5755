// broker_sim: runs the broker in simulation (broker_world.h). Prints the seed of a run that failed.
#include "broker_world.h"

#include "base/args.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "broker_sim: the broker in simulation, with random faults.\n\n"
    "  broker_sim [--seed N] [--seeds COUNT] [--seconds S] [--rate CALLS_PER_S] [--mutant NAME]\n"
    "             [--keys N] [--kill-ms MS]\n\n"
    "  --seed    the first seed (1); --seeds how many from there on (1)\n"
    "  --seconds simulated time of each run (3600)\n"
    "  --keys    how many lanes a service has (16, at most 1000)\n"
    "  --kill-ms instead of random faults: one of three workers is killed so often, and every call\n"
    "            goes in a lane of their service\n"
    "  --mutant  a fault of the simulation that the checks must find: unordered, overcredit,\n"
    "            lost-answer, no-clock; the exit code is 0 when they did\n";

static const char *read_mutant(void *target, const char *value)
{
    mutant_t *mutant = target;
    for (*mutant = 0; *mutant < MUTANTS_COUNT; (*mutant)++)
        if (strcmp(value, world_mutant_name(*mutant)) == 0)
            return NULL;
    return "unordered, overcredit, lost-answer or no-clock";
}

static void print_totals(const world_result_t *r, double cpu_s)
{
    printf(
        "calls %llu, answers %llu (replies %llu), kills %llu, stops %llu, broken connections %llu, "
        "pauses %llu, requeued %llu, dead %llu, cancelled %llu, p99 of a requeue %.2f ms, "
        "cpu %.2f s\n",
        (unsigned long long)r->calls, (unsigned long long)r->answers,
        (unsigned long long)r->replies, (unsigned long long)r->kills, (unsigned long long)r->stops,
        (unsigned long long)r->breaks, (unsigned long long)r->pauses,
        (unsigned long long)r->requeued, (unsigned long long)r->dead,
        (unsigned long long)r->cancelled, (double)r->p99_requeue_us / 1000, cpu_s);
}

static void add(world_result_t *total, const world_result_t *r)
{
    total->calls += r->calls;
    total->answers += r->answers;
    total->replies += r->replies;
    total->kills += r->kills;
    total->stops += r->stops;
    total->breaks += r->breaks;
    total->pauses += r->pauses;
    total->requeued += r->requeued;
    total->dead += r->dead;
    total->cancelled += r->cancelled;
    if (r->p99_requeue_us > total->p99_requeue_us)
        total->p99_requeue_us = r->p99_requeue_us;
}

int main(int argc, char **argv)
{
    world_opts_t opts = {.calls_per_s = 60, .keys_count = 16};
    int64_t seed = 1, count = 1, seconds = 3600, kill_ms = 0;
    const act_arg_t table[] = {
        {"seed", .integer = &seed},
        {"seeds", .integer = &count, .min = 1},
        {"seconds", .integer = &seconds, .min = 1, .max = 1000000},
        {"rate", .count = &opts.calls_per_s, .min = 1},
        {"keys", .count = &opts.keys_count, .min = 1, .max = WORLD_KEYS_MAX_COUNT},
        {"kill-ms", .integer = &kill_ms, .max = 1000000},
        {"mutant", .read = read_mutant, .target = &opts.mutant},
        {0},
    };
    if (!act_args_read(argc, argv, table)) {
        fputs(usage, stderr);
        return 64;
    }
    opts.seed = (uint64_t)seed;
    opts.duration_us = seconds * 1000000;
    opts.kill_every_us = kill_ms * 1000;
    world_result_t total = {0};
    int64_t failed_count = 0;
    clock_t from = clock();
    for (uint64_t last = opts.seed + (uint64_t)count; opts.seed < last; opts.seed++) {
        world_result_t result;
        world_run(&opts, &result);
        add(&total, &result);
        if (!result.violation[0])
            continue;
        failed_count++;
        if (failed_count <= 10)
            printf("seed %llu: %s\n", (unsigned long long)opts.seed, result.violation);
    }
    print_totals(&total, (double)(clock() - from) / CLOCKS_PER_SEC);
    printf("%" PRId64 " passed, %" PRId64 " failed\n", count - failed_count, failed_count);
    bool is_good = opts.mutant == MUTANT_NONE ? failed_count == 0 : failed_count == count;
    return is_good ? 0 : 1;
}
