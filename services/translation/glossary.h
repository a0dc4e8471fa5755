// glossary: the tenant's own words, in a translation: what is to be kept is found, what is to be said is
// checked.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "proto/persistence.h"
#include "mask.h"

// Terms whose translation is the term itself, as they are spelled in the text, which must outlive the names.
mask_names_t glossary_kept(const glossary_term_t *terms, uint32_t count, act_str_t text,
                           mask_names_t others, act_arena_t *arena);

// Each translation stands in the text, in some form of its words (case, accents and the last letters of long
// words may differ). Else INVALID_ARGUMENT with one line in *error (initialised by the caller).
ACT_MUST_CHECK act_err_t glossary_check(const glossary_term_t *terms, uint32_t count,
                                        act_str_t translated, act_buf_t *error);
