// assert: the end of an actor that found its own bug.
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

// Conditions may hold quotes: act_assert(!"no such setting").
static void print_escaped(const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', stderr);
        fputc(*text, stderr);
    }
}

_Noreturn void act_assert_fail(const char *condition, const char *file, int line)
{
    fputs("{\"level\":\"fatal\",\"event\":\"assert\",\"text\":\"", stderr);
    print_escaped(condition);
    fprintf(stderr, "\",\"at\":\"%s:%d\"}\n", file, line);
    abort();
}
