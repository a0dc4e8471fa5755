// assert: the end of an actor that found its own bug.
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX_BYTES 512

// Conditions may hold quotes: act_assert(!"no such setting").
static void escape(const char *condition, char *ret_text)
{
    size_t len = 0;
    for (; *condition && len < TEXT_MAX_BYTES - 2; condition++) {
        if (*condition == '"' || *condition == '\\')
            ret_text[len++] = '\\';
        ret_text[len++] = *condition;
    }
    ret_text[len] = '\0';
}

_Noreturn void act_assert_fail(const char *condition, const char *file, int line)
{
    char text[TEXT_MAX_BYTES];
    escape(condition, text);
    fprintf(stderr, "{\"level\":\"fatal\",\"event\":\"assert\",\"text\":\"%s\",\"at\":\"%s:%d\"}\n",
            text, file, line);
    abort();
}
