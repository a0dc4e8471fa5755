// log_tail: the last lines an instance wrote: its JSON lines of today's log file, and what it said on
// standard error (sanitizers, failed asserts) when its log ends there.
#pragma once
#include "base/buf.h"

#include <stdint.h>

// An empty instance: all of this actor's. Adds at most max_lines lines of the instance, oldest first, each ended by '\n'. Looks at the last 256
// KiB of the file. `name` is the actor's (the file's), now_us the wall clock.
void log_tail(const char *log_dir, const char *name, const char *instance, int64_t now_us,
              uint32_t max_lines, act_buf_t *out);
