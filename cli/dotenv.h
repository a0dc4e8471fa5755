// dotenv: the .env file operators keep their settings in.
#pragma once
#include "base/buf.h"
#include "base/err.h"

// Puts NAME=value lines into the environment; names that are set already win. Comments (#), blank
// lines, "export ", and single or double quotes are understood. A missing file is fine. A bad line (one
// of 8 KiB and more too) is ACT_E_CONFIG with one line in *error that says where, and so is a file that
// cannot be read.
ACT_MUST_CHECK act_err_t dotenv_load(const char *path, act_buf_t *error);
