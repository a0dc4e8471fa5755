// wall_shift: LD_PRELOAD for tests of clocks (promises.md R-49): the wall clock of this process is so many seconds off as
// its row of the file PARLEY_WALL_SHIFTS says now (tests/harness/wall_clocks.mjs writes it, at any time). A process without
// a row of its name has that of "*". Monotonic clocks are what they are.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // program_invocation_short_name
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ROWS_COUNT 64
#define NAME_BYTES 24

typedef struct {
    char name[NAME_BYTES]; // ends with a zero byte; empty: no row
    int64_t shift_s;
} row_t;

static const row_t nothing;
static const volatile row_t *mine = &nothing; // found before main, where there is one thread

static __attribute__((constructor)) void find_row(void)
{
    const char *path = getenv("PARLEY_WALL_SHIFTS");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    const row_t *rows = mmap(NULL, ROWS_COUNT * sizeof *rows, PROT_READ, MAP_SHARED, file, 0);
    (void)close(file);
    for (int i = 0; rows != MAP_FAILED && i < ROWS_COUNT; i++) {
        bool is_own = strncmp(rows[i].name, program_invocation_short_name, NAME_BYTES) == 0;
        if (is_own || (mine == &nothing && strcmp(rows[i].name, "*") == 0))
            mine = &rows[i];
    }
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, ret_time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ret_time->tv_sec += mine->shift_s;
    return result;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
    (void)zone;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    *ret_time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret_time)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret_time)
        *ret_time = now.tv_sec;
    return now.tv_sec;
}
