// model_fuzz: libFuzzer target of the message decoders. One program for all messages; which one is
// said by the environment:
//   PARLEY_FUZZ_MESSAGE=turn_begin_reply ./model_fuzz CORPUS_DIR/turn_begin_reply
#include "harness/model_check.h"
#include "proto/models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

// libFuzzer gives its callbacks no context.
static const act_model_t *fuzzed_model;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    const char *name = getenv("PARLEY_FUZZ_MESSAGE");
    for (size_t i = 0; name && i < PARLEY_MODELS_COUNT; i++)
        if (strcmp(parley_models[i].model->name, name) == 0)
            fuzzed_model = parley_models[i].model;
    if (!fuzzed_model) {
        fprintf(stderr, "PARLEY_FUZZ_MESSAGE must be the name of a message, for example %s\n",
                parley_models[0].model->name);
        exit(64);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    model_exercise(fuzzed_model, act_str_of(data, size_bytes));
    return 0;
}
