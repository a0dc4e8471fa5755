// assert: the end of an actor that found its own bug.
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void act_assert_fail(const char *condition, const char *file, int line)
{
    fprintf(stderr, "{\"level\":\"fatal\",\"event\":\"assert\",\"text\":\"%s\",\"at\":\"%s:%d\"}\n",
            condition, file, line);
    abort();
}
