// text_file: in /tmp, removed at the end.
#include "harness/text_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ERROR_MAX_BYTES 4096

bool text_file_init(text_file_t *self)
{
    snprintf(self->path, sizeof self->path, "/tmp/text_file.XXXXXX");
    int descriptor = mkstemp(self->path);
    if (descriptor < 0)
        return false;
    close(descriptor);
    act_buf_init(&self->error, ERROR_MAX_BYTES);
    return true;
}

void text_file_fini(text_file_t *self)
{
    unlink(self->path);
    act_buf_fini(&self->error);
}

void text_file_write(text_file_t *self, const char *text)
{
    FILE *file = fopen(self->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    act_buf_reset(&self->error);
}

const char *text_file_error(text_file_t *self, const char *part)
{
    act_buf_add_char(&self->error, '\0');
    if (!strstr(self->error.ptr, self->path) || !strstr(self->error.ptr, part))
        fail_msg("'%s' and '%s' are not both in: %s", self->path, part, self->error.ptr);
    return self->error.ptr;
}
