// broker_sim: runs the broker in simulation (broker_world.h). Prints the seed of a run that failed.
#include "broker_world.h"

#include <getopt.h>
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

static mutant_t mutant_of(const char *name)
{
    for (int i = 0; i < MUTANTS_COUNT; i++)
        if (strcmp(name, world_mutant_name((mutant_t)i)) == 0)
            return (mutant_t)i;
    return MUTANTS_COUNT;
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
    static const struct option table[] = {
        {"seed", required_argument, NULL, 's'},    {"seeds", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 't'}, {"rate", required_argument, NULL, 'r'},
        {"mutant", required_argument, NULL, 'm'},  {"keys", required_argument, NULL, 'k'},
        {"kill-ms", required_argument, NULL, 'x'}, {0},
    };
    world_opts_t opts = {.seed = 1, .duration_us = 3600000000, .calls_per_s = 60, .keys_count = 16};
    uint64_t count = 1;
    for (int c = getopt_long(argc, argv, "", table, NULL); c != -1;
         c = getopt_long(argc, argv, "", table, NULL)) {
        if (c == 's')
            opts.seed = strtoull(optarg, NULL, 10);
        else if (c == 'n')
            count = strtoull(optarg, NULL, 10);
        else if (c == 't')
            opts.duration_us = strtoll(optarg, NULL, 10) * 1000000;
        else if (c == 'r')
            opts.calls_per_s = (uint32_t)strtoul(optarg, NULL, 10);
        else if (c == 'k')
            opts.keys_count = (uint32_t)strtoul(optarg, NULL, 10);
        else if (c == 'x')
            opts.kill_every_us = strtoll(optarg, NULL, 10) * 1000;
        else if (c == 'm')
            opts.mutant = mutant_of(optarg);
        else
            opts.mutant = MUTANTS_COUNT;
    }
    if (opts.mutant == MUTANTS_COUNT || opts.calls_per_s == 0 || opts.keys_count == 0 ||
        opts.keys_count > WORLD_KEYS_MAX_COUNT || opts.kill_every_us < 0) {
        fputs(usage, stderr);
        return 64;
    }
    world_result_t total = {0};
    uint64_t failed_count = 0;
    clock_t from = clock();
    for (uint64_t last = opts.seed + count; opts.seed < last; opts.seed++) {
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
    printf("%llu passed, %llu failed\n", (unsigned long long)(count - failed_count),
           (unsigned long long)failed_count);
    bool is_good = opts.mutant == MUTANT_NONE ? failed_count == 0 : failed_count == count;
    return is_good ? 0 : 1;
}
