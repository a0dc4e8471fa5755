// vocabulary: compiles word files into a lexicon (build time only). A word file is UTF-8, one a
// language (<folder>/<code>.txt); `#` starts a comment line; every other line is
//
//     name: entry entry entry
//
// where an entry is a word or a phrase with _ for the space, `stem*` and `*tail` as in lexicon.h. A
// name may be written "group.name"; a vocabulary reads one group, or the names without one.
#pragma once
#include "base/buf.h"
#include "base/err.h"

typedef struct act_vocabulary act_vocabulary_t;

act_vocabulary_t *act_vocabulary_new(void);
void act_vocabulary_destroy(act_vocabulary_t **self_p);

// Reads the group ("" for names without one) of all nine files. On failure error has one line with
// file, line number and what is wrong.
ACT_MUST_CHECK act_err_t act_vocabulary_read(act_vocabulary_t *self, const char *folder,
                                             const char *group, act_buf_t *error);

// One language's entries from memory; where is used in errors.
ACT_MUST_CHECK act_err_t act_vocabulary_add(act_vocabulary_t *self, uint32_t language,
                                            const char *group, act_str_t text, const char *where,
                                            act_buf_t *error);

// Appends the section that act_lexicon_init reads. Same input, same bytes.
void act_vocabulary_pack(const act_vocabulary_t *self, act_buf_t *out);
