// tap: a few open files. Writing is buffered; a disk that is full ends the tap and nothing else.
#include "tap.h"

#include "actor/tap_file.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/time.h"
#include "service.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND_US 1000000
// Room for the last record within the bound of bytes.
#define END_BYTES 64

typedef struct {
    FILE *file; // NULL: free
    char target[ACT_HEADER_NAME_MAX_BYTES + 1];
    int64_t until_us; // monotonic
    uint64_t left_bytes;
    uint64_t frames;
} tap_t;

struct taps {
    char *dir;
    tap_t list[TAPS_MAX_COUNT];
    uint32_t open_count;
    act_buf_t record;
};

taps_t *taps_new(const char *dir)
{
    taps_t *self = act_alloc(sizeof *self);
    self->dir = dir ? act_strdup(dir) : NULL;
    act_buf_init(&self->record, ACT_BUF_DEFAULT_MAX_BYTES + 8192);
    return self;
}

static void finish(taps_t *self, tap_t *tap, const char *reason)
{
    act_tap_record_t end = {.kind = ACT_TAP_END,
                            .at_us = act_time_wall_us(),
                            .name = act_str(reason),
                            .frames = tap->frames};
    act_buf_reset(&self->record);
    act_tap_file_pack(&end, &self->record);
    fwrite(self->record.ptr, 1, self->record.len_bytes, tap->file);
    fclose(act_take(&tap->file));
    self->open_count--;
}

void taps_destroy(taps_t **self_p)
{
    taps_t *self = *self_p;
    if (!self)
        return;
    for (int i = 0; i < TAPS_MAX_COUNT; i++)
        if (self->list[i].file)
            finish(self, &self->list[i], "shutdown");
    act_buf_fini(&self->record);
    act_free(self->dir);
    act_free(act_take(self_p));
}

// --- files ---------------------------------------------------------------------------------------

// The target becomes part of a file's name.
static bool is_name(act_str_t text)
{
    if (text.len_bytes == 0 || text.len_bytes > ACT_HEADER_NAME_MAX_BYTES || text.ptr[0] == '.')
        return false;
    for (size_t i = 0; i < text.len_bytes; i++)
        if (!isalnum((unsigned char)text.ptr[i]) && !strchr("._-", text.ptr[i]))
            return false;
    return true;
}

static bool is_tap_file(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && strcmp(name + len - 4, ".tap") == 0;
}

// Names of the folder's taps; returns how many there are, and the oldest one's name.
static uint32_t count_files(DIR *dir, char oldest[NAME_MAX + 1])
{
    uint32_t count = 0;
    struct timespec oldest_at = {0};
    rewinddir(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        struct stat stat;
        if (!is_tap_file(entry->d_name) ||
            fstatat(dirfd(dir), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        bool is_older =
            stat.st_mtim.tv_sec < oldest_at.tv_sec ||
            (stat.st_mtim.tv_sec == oldest_at.tv_sec && stat.st_mtim.tv_nsec < oldest_at.tv_nsec);
        if (count++ == 0 || is_older) {
            oldest_at = stat.st_mtim;
            snprintf(oldest, NAME_MAX + 1, "%s", entry->d_name);
        }
    }
    return count;
}

static void make_room(const taps_t *self)
{
    DIR *dir = opendir(self->dir);
    char oldest[NAME_MAX + 1];
    while (dir && count_files(dir, oldest) >= TAPS_FILES_MAX_COUNT)
        if (unlinkat(dirfd(dir), oldest, 0) != 0)
            break;
    if (dir)
        closedir(dir);
}

static FILE *make_file(const taps_t *self, act_str_t target, char *ret_path)
{
    mkdir(self->dir, 0700);
    make_room(self);
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/%.*s-%lld.tap", self->dir, ACT_STR_ARG(target),
                       (long long)(act_time_wall_us() / 1000));
    if (len < 0 || (size_t)len >= sizeof path)
        return NULL;
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (!file && descriptor >= 0)
        close(descriptor);
    if (file)
        memcpy(ret_path, path, (size_t)len + 1);
    return file;
}

// --- recording -----------------------------------------------------------------------------------

// Writes self->record; a file that cannot take it ends here.
static void write_record(taps_t *self, tap_t *tap)
{
    if (self->record.is_overflowed || self->record.len_bytes + END_BYTES > tap->left_bytes) {
        finish(self, tap, "bytes");
        return;
    }
    tap->left_bytes -= self->record.len_bytes;
    if (fwrite(self->record.ptr, 1, self->record.len_bytes, tap->file) != self->record.len_bytes) {
        fclose(act_take(&tap->file));
        self->open_count--;
    }
}

act_err_t taps_open(taps_t *self, const taps_request_t *request, int64_t now_us, char *ret_path)
{
    if (!is_name(request->target) || request->seconds > TAPS_SECONDS_MAX ||
        request->max_bytes > TAPS_BYTES_MAX)
        return ACT_E_INVALID_ARGUMENT;
    tap_t *tap = self->list;
    while (tap < self->list + TAPS_MAX_COUNT && tap->file)
        tap++;
    if (tap == self->list + TAPS_MAX_COUNT)
        return ACT_E_OVERLOADED;
    FILE *file = self->dir ? make_file(self, request->target, ret_path) : NULL;
    if (!file)
        return ACT_E_IO;
    uint32_t seconds = request->seconds ? request->seconds : TAPS_SECONDS_DEFAULT;
    *tap = (tap_t){
        .file = file,
        .until_us = now_us + (int64_t)seconds * SECOND_US,
        .left_bytes = request->max_bytes ? request->max_bytes : TAPS_BYTES_DEFAULT,
    };
    act_str_copy(request->target, tap->target, sizeof tap->target);
    self->open_count++;
    act_tap_record_t start = {
        .kind = ACT_TAP_START, .at_us = act_time_wall_us(), .name = request->target};
    act_buf_reset(&self->record);
    act_tap_file_pack(&start, &self->record);
    write_record(self, tap);
    if (tap->file)
        fflush(tap->file);
    return ACT_E_OK;
}

bool taps_are_open(const taps_t *self)
{
    return self->open_count > 0;
}

static bool is_target(const tap_t *tap, const peer_t *peer)
{
    return strcmp(tap->target, peer->instance) == 0 ||
           (peer->service && strcmp(tap->target, peer->service->name) == 0);
}

void taps_record(taps_t *self, const peer_t *peer, bool is_in, const act_header_t *header,
                 act_str_t body, int64_t now_us)
{
    bool is_packed = false;
    for (tap_t *tap = self->list; tap < self->list + TAPS_MAX_COUNT; tap++) {
        if (!tap->file || now_us >= tap->until_us || !is_target(tap, peer))
            continue;
        if (!is_packed) {
            act_tap_record_t record = {
                .kind = ACT_TAP_FRAME,
                .at_us = act_time_wall_us(),
                .name = act_str(peer->instance),
                .is_in = is_in,
                .header = *header,
                .body = body,
            };
            act_buf_reset(&self->record);
            act_tap_file_pack(&record, &self->record);
        }
        tap->frames++;
        write_record(self, tap);
        is_packed = tap->file != NULL; // the end of a tap is written with the same buffer
    }
}

void taps_on_tick(taps_t *self, int64_t now_us)
{
    for (tap_t *tap = self->list; tap < self->list + TAPS_MAX_COUNT; tap++)
        if (tap->file && now_us >= tap->until_us)
            finish(self, tap, "seconds");
}
