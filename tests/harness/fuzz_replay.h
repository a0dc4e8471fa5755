// fuzz_replay: runs a fuzz target without a fuzzer: on every truncation and every change of one byte
// of some seeds, and on the files of folders, where samples and inputs that once failed are kept.
#pragma once
#include "base/str.h"

typedef int fuzz_target_fn(const uint8_t *data, size_t size_bytes);

// Each argument is a folder. Returns the exit code of the program: a failure too when there was no input
// or a folder cannot be read; crashes like the target.
int fuzz_replay(int argc, char **argv, fuzz_target_fn *target, const act_str_t seeds[],
                size_t seeds_count);
