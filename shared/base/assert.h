// assert: our own bugs. Stays in release builds, prints where, and ends the actor; the broker starts
// it again. Nothing that arrives from outside may reach an assert: that is checked and answered.
#pragma once

#define act_assert(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            act_assert_fail(#condition, __FILE__, __LINE__);                                       \
    } while (0)

_Noreturn void act_assert_fail(const char *condition, const char *file, int line);
