// files: whole small files (build time only).
#pragma once
#include "base/buf.h"
#include "base/err.h"

// "<folder>/<name>.txt"; a path that does not fit is our bug.
void act_files_path(char *ret_path, size_t size_bytes, const char *folder, const char *name);

// Initialises *ret_text in any case; the caller finishes it. On failure error has one line.
ACT_MUST_CHECK act_err_t act_files_read(const char *path, act_buf_t *ret_text, act_buf_t *error);

ACT_MUST_CHECK act_err_t act_files_write(const char *path, const act_buf_t *bytes,
                                         act_buf_t *error);
