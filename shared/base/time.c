// time: the two clocks.
#include "base/time.h"

#include <stdio.h>
#include <time.h>

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t act_time_mono_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

int64_t act_time_mono_ms(void)
{
    return act_time_mono_us() / 1000;
}

int64_t act_time_wall_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

void act_time_text(int64_t wall_us, char *ret_text)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t len = strftime(ret_text, ACT_TIME_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(ret_text + len, ACT_TIME_TEXT_BYTES - len, ".%03uZ",
             (unsigned)(wall_us / 1000 % 1000) % 1000u);
}
