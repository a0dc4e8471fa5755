// model_replay: runs every message decoder over its corpus without a fuzzer.
//   model_replay CORPUS_DIR          CORPUS_DIR/<message>/* and seeds made from filled samples
//   model_replay --seeds CORPUS_DIR  writes those seeds, to start libFuzzer from
// Also what a fuzzer found for one message is run against all others: a body may arrive anywhere.
#include "harness/model_check.h"
#include "proto/models.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SEEDS_COUNT 3
#define INPUT_MAX_BYTES (4u << 20)

static act_str_t seed_of(const act_model_t *model, model_random_t *random, act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, INPUT_MAX_BYTES);
    act_model_pack(model, model_sample(model, random, arena), &out);
    act_str_t bytes = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return bytes;
}

static void exercise_all(act_str_t body)
{
    for (size_t i = 0; i < PARLEY_MODELS_COUNT; i++)
        model_exercise(parley_models[i].model, body);
}

static act_str_t read_file(const char *path, act_arena_t *arena)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return (act_str_t){0};
    char *bytes = act_arena_alloc(arena, INPUT_MAX_BYTES);
    size_t len_bytes = fread(bytes, 1, INPUT_MAX_BYTES, file);
    fclose(file);
    return act_str_of(bytes, len_bytes);
}

// A folder that is not there has no inputs.
static int replay_folder(const char *corpus, const char *message)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    char folder[1024];
    snprintf(folder, sizeof folder, "%s/%s", corpus, message);
    DIR *dir = opendir(folder);
    int count = 0;
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        char path[2048];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        act_arena_reset(arena);
        exercise_all(read_file(path, arena));
        count++;
    }
    if (dir)
        closedir(dir);
    return count;
}

static int replay(const char *corpus)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    model_random_t random = {.state = 1};
    int count = 0;
    for (size_t i = 0; i < PARLEY_MODELS_COUNT; i++) {
        for (int seed = 0; seed < SEEDS_COUNT; seed++, count++)
            exercise_all(seed_of(parley_models[i].model, &random, arena));
        count += replay_folder(corpus, parley_models[i].model->name);
    }
    printf("%d inputs, %d messages: no failure\n", count, PARLEY_MODELS_COUNT);
    return 0;
}

static int write_seeds(const char *corpus)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    model_random_t random = {.state = 1};
    mkdir(corpus, 0777);
    for (size_t i = 0; i < PARLEY_MODELS_COUNT * SEEDS_COUNT; i++) {
        const act_model_t *model = parley_models[i / SEEDS_COUNT].model;
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", corpus, model->name);
        mkdir(path, 0777);
        snprintf(path, sizeof path, "%s/%s/seed-%zu", corpus, model->name, i % SEEDS_COUNT);
        FILE *file = fopen(path, "wb");
        if (!file) {
            perror(path);
            return 1;
        }
        act_str_t bytes = seed_of(model, &random, arena);
        fwrite(bytes.ptr, 1, bytes.len_bytes, file);
        fclose(file);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
        return write_seeds(argv[2]);
    if (argc == 2)
        return replay(argv[1]);
    fprintf(stderr, "usage: model_replay [--seeds] CORPUS_DIR\n");
    return 64;
}
