// model_file: a file of named sections, made at build time and mapped read-only, so that its pages
// are clean, shared by all instances, and read only when touched. Everything is checked when it is
// opened: magic, version, sizes, alignment and a checksum; what opens is what was written.
//
// Layout, little endian: header, section table, sections (each at a multiple of 8 bytes).
#pragma once
#include "base/buf.h"
#include "base/err.h"

#define ACT_MODEL_FILE_VERSION 1u
#define ACT_MODEL_FILE_NAME_BYTES 16u
#define ACT_MODEL_FILE_MAX_SECTIONS 16u
#define ACT_MODEL_FILE_MAX_BYTES (16u << 20)

typedef struct act_model_file act_model_file_t;

// ACT_E_CONFIG when the file cannot be read or is not a model file; error (initialised by the
// caller) then holds one line that says why.
ACT_MUST_CHECK act_err_t act_model_file_open(const char *path, act_model_file_t **ret_file,
                                             act_buf_t *error);
void act_model_file_destroy(act_model_file_t **self_p);

// Borrowed for the life of the file and aligned to 8 bytes; empty when there is none of that name.
act_str_t act_model_file_section(const act_model_file_t *self, const char *name);

// --- writing (build time) -----------------------------------------------------------------------

typedef struct {
    const char *name; // shorter than ACT_MODEL_FILE_NAME_BYTES
    act_str_t bytes;
} act_model_file_section_t;

// Appends a complete file to out.
void act_model_file_pack(const act_model_file_section_t *sections, uint32_t count, act_buf_t *out);
