// fuzz_main: the program around a fuzz target that has no seeds of its own: NAME_replay FOLDER...
#include "harness/fuzz_replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int main(int argc, char **argv)
{
    return fuzz_replay(argc, argv, LLVMFuzzerTestOneInput, /* seeds= */ NULL, 0);
}
