// crash_point: a mapped file that is looked at in passing.
#include "base/crash_point.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// A connection cut from outside is waited for this long at most.
#define RELEASE_MAX_MS 5000

enum { STATE_IDLE, STATE_ARMED, STATE_REACHED, STATE_RELEASED };

typedef enum {
    FAULT_KILL = 1,   // SIGKILL
    FAULT_STOP,       // SIGSTOP; whoever armed it sends SIGCONT
    FAULT_CUT,        // waits here while whoever armed it cuts the database's connections
    FAULT_LOST_REPLY, // goes on; the reply of the next commit is lost
} fault_t;

typedef struct {
    _Atomic uint32_t state;
    uint32_t fault;
    _Atomic uint32_t skips_count; // passed by so often first
    _Atomic uint32_t pid;         // who reached it
    _Atomic uint32_t loses_reply;
    _Atomic uint32_t lost_replies_count;
    char name[104];
} point_file_t;
_Static_assert(sizeof(point_file_t) == 128, "tests/chaos/points.mjs writes it");

static point_file_t *file;

static void open_file(void)
{
    static bool was_tried;
    const char *path = getenv("PARLEY_CRASH_POINTS");
    if (was_tried || !path || *path == '\0')
        return;
    was_tried = true;
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0)
        return;
    void *room =
        mmap(NULL, sizeof(point_file_t), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    file = room == MAP_FAILED ? NULL : room;
    (void)close(descriptor);
}

static bool is_at(const char *name, const char *of)
{
    size_t len_bytes = strlen(name);
    if (strncmp(file->name, name, len_bytes) != 0)
        return false;
    const char *rest = file->name + len_bytes;
    return *of == '\0' ? *rest == '\0' : *rest == '/' && strcmp(rest + 1, of) == 0;
}

// One process takes it, after the others that only pass by.
static bool take(void)
{
    uint32_t skips_count = atomic_load(&file->skips_count);
    if (skips_count > 0) {
        (void)atomic_compare_exchange_strong(&file->skips_count, &skips_count, skips_count - 1);
        return false;
    }
    uint32_t armed = STATE_ARMED;
    return atomic_compare_exchange_strong(&file->state, &armed, STATE_REACHED);
}

static void wait_for_release(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < RELEASE_MAX_MS && atomic_load(&file->state) == STATE_REACHED; i++)
        (void)nanosleep(&pause, NULL);
}

void act_crash_point(const char *name, const char *of)
{
    if (!file)
        open_file();
    if (!file || atomic_load(&file->state) != STATE_ARMED || !is_at(name, of) || !take())
        return;
    atomic_store(&file->pid, (uint32_t)getpid());
    switch ((fault_t)file->fault) {
    case FAULT_KILL:
        (void)kill(getpid(), SIGKILL);
        break;
    case FAULT_STOP:
        (void)raise(SIGSTOP);
        break;
    case FAULT_CUT:
        wait_for_release();
        break;
    case FAULT_LOST_REPLY:
        atomic_store(&file->loses_reply, 1);
        break;
    }
}

bool act_crash_reply_is_lost(void)
{
    if (!file)
        open_file();
    if (!file || atomic_exchange(&file->loses_reply, 0) == 0)
        return false;
    atomic_fetch_add(&file->lost_replies_count, 1);
    return true;
}
