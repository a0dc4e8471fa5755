// keyring: an array of keys, read from the folder.
#include "keyring.h"

#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define KEY_BYTES 32
#define KEYS_MAX_COUNT 1024
#define KEYS_OF_ACTOR_MAX_COUNT 8
#define FILE_MAX_BYTES 512
#define SUFFIX ".pub"
// Times of files are that coarse; what was changed shortly before it was read is read once more.
#define FRESH_S 2

typedef struct {
    char actor[ACT_HEADER_NAME_MAX_BYTES + 1];
    uint8_t key[KEY_BYTES];
    uint32_t number;
} row_t;

struct keyring {
    char folder[PATH_MAX];
    row_t *rows;
    uint32_t rows_count;
    uint32_t last_number;
    keyring_revoked_fn *on_revoked;
    void *context;
    uint64_t signature; // of names, times and sizes at the last reading
};

// --- the folder ----------------------------------------------------------------------------------

// "agent" of "agent.pub"; false: not a file of ours.
static bool actor_of(const char *name, char ret_actor[ACT_HEADER_NAME_MAX_BYTES + 1])
{
    act_str_t text = act_str(name);
    size_t suffix_bytes = strlen(SUFFIX);
    if (text.len_bytes <= suffix_bytes ||
        strcmp(name + text.len_bytes - suffix_bytes, SUFFIX) != 0 ||
        text.len_bytes - suffix_bytes > ACT_HEADER_NAME_MAX_BYTES)
        return false;
    act_str_copy(act_str_of(name, text.len_bytes - suffix_bytes), ret_actor,
                 ACT_HEADER_NAME_MAX_BYTES + 1);
    return strspn(ret_actor, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(ret_actor);
}

// Changes when a file comes, goes, or is written; *ret_is_fresh: that was a moment ago.
static uint64_t signature_of(DIR *folder, bool *ret_is_fresh)
{
    uint64_t signature = 1;
    time_t now_s = time(NULL);
    rewinddir(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char actor[ACT_HEADER_NAME_MAX_BYTES + 1];
        struct stat info;
        if (!actor_of(entry->d_name, actor) || fstatat(dirfd(folder), entry->d_name, &info, 0) != 0)
            continue;
        int64_t facts[4] = {info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size,
                            (int64_t)info.st_ino};
        // Added up, because the order of a folder's entries says nothing.
        signature += act_str_hash(act_str_of((const char *)facts, sizeof facts),
                                  act_str_hash(act_str(entry->d_name), 0));
        if (now_s - info.st_mtim.tv_sec < FRESH_S)
            *ret_is_fresh = true;
    }
    return signature;
}

static uint32_t number_of(keyring_t *self, const char *actor, const uint8_t key[KEY_BYTES])
{
    for (uint32_t i = 0; i < self->rows_count; i++)
        if (strcmp(self->rows[i].actor, actor) == 0 &&
            memcmp(self->rows[i].key, key, KEY_BYTES) == 0)
            return self->rows[i].number;
    return ++self->last_number;
}

static uint32_t read_file(keyring_t *self, int folder, const char *name, const char *actor,
                          row_t *rows, uint32_t count)
{
    char text[FILE_MAX_BYTES];
    int descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return count;
    ssize_t len = read(descriptor, text, sizeof text);
    close(descriptor);
    char keys[KEYS_OF_ACTOR_MAX_COUNT][ACT_BUS_KEY_TEXT_BYTES];
    uint32_t keys_count = 0;
    if (len <= 0 ||
        !act_bus_key_parse(act_str_of(text, (size_t)len), keys, ACT_COUNT(keys), &keys_count))
        return count; // whoever has a key in a file that cannot be read is not let in
    for (uint32_t i = 0; i < keys_count && count < KEYS_MAX_COUNT; i++) {
        row_t *row = &rows[count++];
        *row = (row_t){0};
        act_str_copy(act_str(actor), row->actor, sizeof row->actor);
        act_bus_key_decode(keys[i], row->key);
        row->number = number_of(self, actor, row->key);
    }
    return count;
}

static uint32_t read_folder(keyring_t *self, DIR *folder, row_t *rows)
{
    uint32_t count = 0;
    rewinddir(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char actor[ACT_HEADER_NAME_MAX_BYTES + 1];
        if (actor_of(entry->d_name, actor))
            count = read_file(self, dirfd(folder), entry->d_name, actor, rows, count);
    }
    return count;
}

void keyring_refresh(keyring_t *self, bool is_forced)
{
    DIR *folder = opendir(self->folder);
    bool is_fresh = false;
    uint64_t signature = folder ? signature_of(folder, &is_fresh) : 0;
    if (signature == self->signature && !is_forced && !is_fresh) {
        if (folder)
            closedir(folder);
        return;
    }
    row_t *old = self->rows;
    uint32_t old_count = self->rows_count;
    row_t *rows = act_alloc_array(KEYS_MAX_COUNT, sizeof *rows);
    uint32_t count = folder ? read_folder(self, folder, rows) : 0;
    if (folder)
        closedir(folder);
    self->rows = rows;
    self->rows_count = count;
    self->signature = signature;
    for (uint32_t i = 0; i < old_count && self->on_revoked; i++)
        if (!keyring_is_current(self, old[i].number))
            self->on_revoked(self->context, act_str(old[i].actor));
    act_free(old);
}

// --- life ----------------------------------------------------------------------------------------

keyring_t *keyring_new(const char *folder, keyring_revoked_fn *on_revoked, void *context)
{
    keyring_t *self = act_alloc(sizeof *self);
    self->on_revoked = on_revoked;
    self->context = context;
    act_str_copy(act_str(folder), self->folder, sizeof self->folder);
    keyring_refresh(self, /* is_forced= */ true);
    return self;
}

void keyring_destroy(keyring_t **self_p)
{
    if (!*self_p)
        return;
    act_free((*self_p)->rows);
    act_free(act_take(self_p));
}

// --- questions -----------------------------------------------------------------------------------

const char *keyring_find(const keyring_t *self, act_str_t key, uint32_t *ret_number)
{
    for (uint32_t i = 0; i < self->rows_count && key.len_bytes == KEY_BYTES; i++)
        if (memcmp(self->rows[i].key, key.ptr, KEY_BYTES) == 0) {
            *ret_number = self->rows[i].number;
            return self->rows[i].actor;
        }
    return NULL;
}

bool keyring_is_current(const keyring_t *self, uint32_t number)
{
    for (uint32_t i = 0; i < self->rows_count; i++)
        if (self->rows[i].number == number)
            return true;
    return false;
}

uint32_t keyring_count(const keyring_t *self)
{
    return self->rows_count;
}
