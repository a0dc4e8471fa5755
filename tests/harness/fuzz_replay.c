// fuzz_replay: every input stands in a block of its exact size.
#include "harness/fuzz_replay.h"

#include "base/mem.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define INPUT_MAX_BYTES (4u << 20)

static void run(fuzz_target_fn *target, const void *bytes, size_t len_bytes)
{
    ACT_AUTO_FREE uint8_t *exact = act_alloc(len_bytes);
    if (len_bytes > 0)
        memcpy(exact, bytes, len_bytes);
    (void)target(exact, len_bytes);
}

static size_t run_seed(fuzz_target_fn *target, act_str_t seed)
{
    ACT_AUTO_FREE char *bytes = act_alloc(seed.len_bytes);
    memcpy(bytes, seed.ptr, seed.len_bytes);
    for (size_t len_bytes = 0; len_bytes <= seed.len_bytes; len_bytes++)
        run(target, bytes, len_bytes);
    for (size_t at = 0; at < seed.len_bytes; at++) {
        for (int value = 0; value < 256; value++) {
            bytes[at] = (char)value;
            run(target, bytes, seed.len_bytes);
        }
        bytes[at] = seed.ptr[at];
    }
    return seed.len_bytes + 1 + seed.len_bytes * 256;
}

static bool run_file(fuzz_target_fn *target, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return false;
    }
    ACT_AUTO_FREE char *bytes = act_alloc(INPUT_MAX_BYTES);
    size_t len_bytes = fread(bytes, 1, INPUT_MAX_BYTES, file);
    fclose(file);
    run(target, bytes, len_bytes);
    return true;
}

static bool run_folder(fuzz_target_fn *target, const char *folder, size_t *count)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        perror(folder);
        return false;
    }
    bool are_all_read = true;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[2048];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        are_all_read = run_file(target, path) && are_all_read;
        ++*count;
    }
    closedir(dir);
    return are_all_read;
}

int fuzz_replay(int argc, char **argv, fuzz_target_fn *target, const act_str_t seeds[],
                size_t seeds_count)
{
    size_t count = 0;
    for (size_t i = 0; i < seeds_count; i++)
        count += run_seed(target, seeds[i]);
    for (int i = 1; i < argc; i++)
        if (!run_folder(target, argv[i], &count))
            return 1;
    printf("%zu inputs: no failure\n", count);
    return count > 0 ? 0 : 1;
}
