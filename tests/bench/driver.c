// Numbers from texts, and getrusage.

#include "driver.h"

#include <stdlib.h>
#include <sys/resource.h>

bool driver_read_number(const char *text, double min, double max, double *ret_number)
{
    char *end = NULL;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= min && number <= max))
        return false;
    *ret_number = number;
    return true;
}

bool driver_read_count(const char *text, uint32_t max, uint32_t *ret_count)
{
    double number;
    if (!driver_read_number(text, 1, max, &number))
        return false;
    *ret_count = (uint32_t)number;
    return true;
}

bool driver_read_ms(const char *text, int64_t *ret_ms)
{
    uint32_t ms;
    if (!driver_read_count(text, 3600000, &ms))
        return false;
    *ret_ms = ms;
    return true;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

double driver_cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}
