// fuzz_replay: each file in a block of its exact size.
#include "harness/fuzz_replay.h"

#include "base/mem.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>

#define INPUT_MAX_BYTES (4u << 20)

typedef int target_fn(const uint8_t *data, size_t size_bytes);

static bool replay_file(const char *path, target_fn *target)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return false;
    }
    ACT_AUTO_FREE uint8_t *bytes = act_alloc(INPUT_MAX_BYTES);
    size_t len_bytes = fread(bytes, 1, INPUT_MAX_BYTES, file);
    fclose(file);
    bytes = act_realloc(bytes, len_bytes);
    (void)target(bytes, len_bytes);
    return true;
}

int fuzz_replay(int argc, char **argv, target_fn *target)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: %s CORPUS_DIR\n", argv[0]);
        return 64;
    }
    int count = 0;
    bool are_all_read = true;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[2048];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        are_all_read = replay_file(path, target) && are_all_read;
        count++;
    }
    closedir(dir);
    printf("%d inputs: no failure\n", count);
    return count > 0 && are_all_read ? 0 : 1;
}
