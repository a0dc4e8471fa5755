// fuzz_replay: runs the files of a folder through a fuzz target, so that no fuzzer is needed to see
// an old failure come back.
#pragma once
#include <stddef.h>
#include <stdint.h>

// argv[1] is the folder. Returns the exit code of the program; crashes like the target.
int fuzz_replay(int argc, char **argv, int (*target)(const uint8_t *data, size_t size_bytes));
