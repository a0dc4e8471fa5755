// Times of the open requests by their place in the window, and a histogram.

#include "bus_round.h"

#include "base/args.h"
#include "driver.h"
#include "latency.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct bus_round {
    bus_options_t options;
    int64_t from_us, until_us; // what is measured
    uint64_t errors_count;
    latency_t *latency;
    int64_t sent_us[BUS_WINDOW_MAX_COUNT];
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool bus_options_read(int argc, char **argv, bus_options_t *ret_options)
{
    bus_options_t options = {.window_count = 64, .seconds = 2, .warmup_seconds = 0.5};
    const act_arg_t table[] = {
        {"target", .text = &options.target},
        {"window", .count = &options.window_count, .min = 1, .max = BUS_WINDOW_MAX_COUNT},
        {"seconds", .number = &options.seconds, .min = 0.01, .max = DRIVER_SECONDS_MAX},
        {"warmup", .number = &options.warmup_seconds, .max = DRIVER_SECONDS_MAX},
        {0},
    };
    bool is_good = act_args_read(argc, argv, table);
    *ret_options = options;
    if (is_good && options.target)
        return true;
    fprintf(stderr, "%s --target T [--window 1..%d] [--seconds S] [--warmup S]\n", argv[0],
            BUS_WINDOW_MAX_COUNT);
    return false;
}

bus_round_t *bus_round_new(const bus_options_t *options)
{
    bus_round_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    self->options = *options;
    self->latency = latency_new();
    int64_t began_us = now_us();
    self->from_us = began_us + (int64_t)(options->warmup_seconds * 1e6);
    self->until_us = self->from_us + (int64_t)(options->seconds * 1e6);
    for (uint32_t i = 0; i < options->window_count; i++)
        self->sent_us[i] = began_us;
    return self;
}

void bus_round_destroy(bus_round_t **self_p)
{
    if (*self_p)
        latency_destroy(&(*self_p)->latency);
    free(*self_p);
    *self_p = NULL;
}

bool bus_round_answer(bus_round_t *self, uint32_t place)
{
    if (place >= self->options.window_count) {
        self->errors_count++;
        return false;
    }
    int64_t at_us = now_us();
    if (at_us >= self->until_us)
        return false;
    if (at_us >= self->from_us)
        latency_add(self->latency, at_us - self->sent_us[place]);
    self->sent_us[place] = at_us;
    return true;
}

void bus_round_error(bus_round_t *self)
{
    self->errors_count++;
}

int bus_round_print(const bus_round_t *self)
{
    uint64_t count = latency_count(self->latency);
    printf("{\"window\":%u,\"answers\":%llu,\"errors\":%llu,\"per_s\":%.0f,\"p50_ms\":%.4f,"
           "\"p99_ms\":%.4f}\n",
           self->options.window_count, (unsigned long long)count,
           (unsigned long long)self->errors_count, (double)count / self->options.seconds,
           latency_percentile_ms(self->latency, 50), latency_percentile_ms(self->latency, 99));
    return count > 0 && self->errors_count == 0 ? 0 : 1;
}
