// lines: reading standard input while the loop goes on.
#pragma once
#include "base/arena.h"

#include <stdbool.h>
#include <stdio.h>

#define LINES_MAX_BYTES 16384

// The next line without its end, in a buffer of LINES_MAX_BYTES; longer lines are cut. False at the
// end of input.
bool lines_next(FILE *file, char *ret_line);
