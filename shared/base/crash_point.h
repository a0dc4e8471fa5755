// crash_point: named places where a test lets this process die, stand still, or lose its database
// (promises.md R-31). The product has none: without the build option `crash_points` the macros are
// nothing. tests/chaos/points.txt lists every name, tests/lint/crash-points keeps the two the same.
//
// With the option, all processes of an instance map the file PARLEY_CRASH_POINTS (without one no
// point does anything). Whoever tests writes a name and a fault into it; the first process that
// comes by takes it. The layout, in the machine's byte order, is crash_point.c's point_file_t.
#pragma once
#include <stdbool.h>

#ifdef ACT_CRASH_POINTS

#define ACT_CRASH_POINT(name) act_crash_point(name, "")
// One point for each `of`, such as the name of a method: "name/of".
#define ACT_CRASH_POINT_OF(name, of) act_crash_point(name, of)
// True once, when the reply of the next commit is to be lost: the server has committed, and nobody hears.
#define ACT_CRASH_REPLY_IS_LOST() act_crash_reply_is_lost()

void act_crash_point(const char *name, const char *of);
bool act_crash_reply_is_lost(void);

#else

#define ACT_CRASH_POINT(name) ((void)0)
#define ACT_CRASH_POINT_OF(name, of) ((void)sizeof(of))
#define ACT_CRASH_REPLY_IS_LOST() false

#endif
