// fake_clock: the kernel's clocks and an offset.
#include "harness/fake_clock.h"

#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Read by the threads of ZeroMQ too.
static _Atomic int64_t offset_us;
static _Atomic int64_t stopped_wall_us;
static _Atomic bool is_wall_stopped;

static struct timespec timespec_of(int64_t us)
{
    return (struct timespec){.tv_sec = (time_t)(us / 1000000), .tv_nsec = us % 1000000 * 1000};
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    if (is_wall_stopped && clock == CLOCK_REALTIME) {
        *ret_time = timespec_of(stopped_wall_us);
        return 0;
    }
    if (syscall(SYS_clock_gettime, clock, ret_time) != 0)
        return -1;
    *ret_time =
        timespec_of((int64_t)ret_time->tv_sec * 1000000 + ret_time->tv_nsec / 1000 + offset_us);
    return 0;
}

void fake_clock_advance_ms(int64_t by_ms)
{
    offset_us += by_ms * 1000;
    stopped_wall_us += by_ms * 1000;
}

void fake_clock_stop_wall_at_us(int64_t wall_us)
{
    stopped_wall_us = wall_us;
    is_wall_stopped = true;
}
