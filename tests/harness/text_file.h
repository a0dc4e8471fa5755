// text_file: a temporary file for tests of what reads settings from files.
#pragma once
#include "base/buf.h"

typedef struct {
    char path[64];
    act_buf_t error; // what the reader said, as text
} text_file_t;

// An empty file with a name of its own; false when it cannot be made.
bool text_file_init(text_file_t *self);
void text_file_fini(text_file_t *self);

// Replaces its content, and forgets the error.
void text_file_write(text_file_t *self, const char *text);

// The error as a C text. It must name the file and hold `part`, else the test fails.
const char *text_file_error(text_file_t *self, const char *part);
