// recorder: a sealed memfd. A child may write what it likes into it, so the reader trusts no byte.
#include "actor/recorder.h"

#include "base/mem.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES 4096
#define MAGIC 0x52544341u // "ACTR"
// Descriptors of ours stay above those that a child inherits (io/process.h).
#define DESCRIPTOR_MIN 10
// A writer that is at work on the record is done in nanoseconds; one that died there never is.
#define READS_MAX_COUNT 1000

typedef struct {
    _Atomic uint32_t magic;
    _Atomic uint32_t sequence; // odd while the writer is at work
    _Atomic int32_t signal;
    _Atomic uint32_t stacks_count;
    _Atomic int64_t alive_us;
    act_record_t record; // the rest of its fields
} page_t;

_Static_assert(sizeof(page_t) <= PAGE_BYTES, "a record fits its page");

struct act_recorder {
    int descriptor;
    page_t *page;
};

static act_err_t map(int descriptor, act_recorder_t **ret_recorder)
{
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (page == MAP_FAILED) {
        close(descriptor);
        return ACT_E_IO;
    }
    act_recorder_t *self = act_alloc(sizeof *self);
    self->descriptor = descriptor;
    self->page = page;
    *ret_recorder = self;
    return ACT_E_OK;
}

act_err_t act_recorder_new(act_recorder_t **ret_recorder)
{
    int low = memfd_create("recorder", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int descriptor = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, DESCRIPTOR_MIN);
    if (low >= 0)
        close(low);
    if (descriptor < 0)
        return ACT_E_IO;
    // Sealed in its size: a child can neither fill our memory nor take pages from under our feet.
    if (ftruncate(descriptor, PAGE_BYTES + ACT_RECORDER_TEXT_MAX_BYTES) != 0 ||
        fcntl(descriptor, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
        close(descriptor);
        return ACT_E_IO;
    }
    act_err_t err = map(descriptor, ret_recorder);
    if (err == ACT_E_OK)
        act_recorder_reset(*ret_recorder);
    return err;
}

// Is this open file a recorder? One that is not sealed could be cut short under us.
static bool is_recorder(int descriptor)
{
    struct stat status;
    uint32_t magic = 0;
    int seals = fcntl(descriptor, F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_SHRINK) && fstat(descriptor, &status) == 0 &&
           status.st_size == PAGE_BYTES + ACT_RECORDER_TEXT_MAX_BYTES &&
           pread(descriptor, &magic, sizeof magic, 0) == sizeof magic && magic == MAGIC;
}

act_err_t act_recorder_open(int descriptor, act_recorder_t **ret_recorder)
{
    if (descriptor < 0 || !is_recorder(descriptor))
        return ACT_E_INVALID_ARGUMENT;
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return map(descriptor, ret_recorder);
}

act_err_t act_recorder_adopt(pid_t pid, act_recorder_t **ret_recorder)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, ACT_RECORDER_DESCRIPTOR);
    int low = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (low < 0)
        return ACT_E_NOT_FOUND;
    int descriptor = is_recorder(low) ? fcntl(low, F_DUPFD_CLOEXEC, DESCRIPTOR_MIN) : -1;
    close(low);
    return descriptor < 0 ? ACT_E_NOT_FOUND : map(descriptor, ret_recorder);
}

void act_recorder_destroy(act_recorder_t **self_p)
{
    act_recorder_t *self = *self_p;
    if (!self)
        return;
    munmap(self->page, PAGE_BYTES);
    close(self->descriptor);
    act_free(act_take(self_p));
}

int act_recorder_descriptor(const act_recorder_t *self)
{
    return self->descriptor;
}

void act_recorder_reset(act_recorder_t *self)
{
    memset((void *)self->page, 0, sizeof *self->page);
    atomic_store(&self->page->magic, MAGIC);
    (void)fallocate(self->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE_BYTES,
                    ACT_RECORDER_TEXT_MAX_BYTES);
}

// --- the actor -------------------------------------------------------------------------------------

static void lock(page_t *page)
{
    atomic_fetch_add_explicit(&page->sequence, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void unlock(page_t *page)
{
    atomic_fetch_add_explicit(&page->sequence, 1, memory_order_release);
}

void act_recorder_begin(act_recorder_t *self, const act_header_t *header, act_str_t method,
                        int64_t now_us)
{
    if (!self)
        return;
    act_record_t *record = &self->page->record;
    lock(self->page);
    record->since_us = now_us;
    record->call_id = header->kind == ACT_KIND_CALL ? header->id : 0;
    record->trace = header->trace;
    record->kind = header->kind;
    act_str_copy(method, record->method, sizeof record->method);
    unlock(self->page);
}

void act_recorder_end(act_recorder_t *self)
{
    if (!self)
        return;
    lock(self->page);
    self->page->record.since_us = 0;
    unlock(self->page);
}

void act_recorder_beat(act_recorder_t *self, int64_t now_us)
{
    if (self)
        atomic_store_explicit(&self->page->alive_us, now_us, memory_order_relaxed);
}

// --- the signal handler ------------------------------------------------------------------------------

void act_recorder_note_signal(act_recorder_t *self, int number)
{
    atomic_store(&self->page->signal, number);
}

void act_recorder_note_stack(act_recorder_t *self)
{
    atomic_fetch_add(&self->page->stacks_count, 1);
}

int act_recorder_text_descriptor(act_recorder_t *self)
{
    return lseek(self->descriptor, PAGE_BYTES, SEEK_SET) < 0 ? STDERR_FILENO : self->descriptor;
}

// --- the supervisor ----------------------------------------------------------------------------------

act_record_t act_recorder_read(const act_recorder_t *self)
{
    page_t *page = self->page;
    act_record_t record = {0};
    for (int i = 0; i < READS_MAX_COUNT; i++) {
        uint32_t before = atomic_load_explicit(&page->sequence, memory_order_acquire);
        memcpy(&record, &page->record, sizeof record);
        atomic_thread_fence(memory_order_acquire);
        uint32_t after = atomic_load_explicit(&page->sequence, memory_order_relaxed);
        if (before == after && before % 2 == 0)
            break;
    }
    record.method[sizeof record.method - 1] = '\0';
    if (record.since_us == 0 || record.kind > ACT_KIND_LAST) // what was at work is done
        record = (act_record_t){0};
    record.alive_us = atomic_load(&page->alive_us);
    record.signal = atomic_load(&page->signal);
    record.stacks_count = atomic_load(&page->stacks_count);
    return record;
}

size_t act_recorder_text(const act_recorder_t *self, char *text, size_t size_bytes)
{
    ssize_t len = pread(self->descriptor, text, size_bytes - 1, PAGE_BYTES);
    size_t end = 0;
    while (len > 0 && end < (size_t)len && text[end] != '\0') {
        if (!isprint((unsigned char)text[end]) && text[end] != '\n')
            text[end] = '?';
        end++;
    }
    text[end] = '\0';
    return end;
}
