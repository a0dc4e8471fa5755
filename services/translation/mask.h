// mask: what a translation must leave as it is: links, e-mail addresses, numbers with their dates, times and
// phone numbers, codes ("AB-1234"), code between back ticks, placeholders ("{name}", "%s", "<b>"), handles,
// and the names it is told. Each is replaced by <x1/>, <x2/>, ... before the text is given away, and put back
// afterwards: exactly once each, and nothing of their kinds may have come in between.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define MASK_MAX_PARTS 200

typedef struct {
    act_str_t text;                  // with the masks, in the arena
    act_str_t parts[MASK_MAX_PARTS]; // views of the original text: parts[0] is <x1/>
    uint32_t count;
} masked_t;

typedef struct {
    const act_str_t *items;
    uint32_t count;
} mask_names_t;

// TOO_LARGE: more parts than that. The text must outlive *ret_masked.
ACT_MUST_CHECK act_err_t mask_text(act_str_t text, mask_names_t names, act_arena_t *arena,
                                   masked_t *ret_masked);

// Nothing is left but masks, spaces and marks: there is nothing to translate.
bool mask_is_all(const masked_t *self);

// INVALID_ARGUMENT with one line in *error (initialised by the caller) that a model can act on.
ACT_MUST_CHECK act_err_t mask_undo(const masked_t *self, act_str_t translated, act_arena_t *arena,
                                   act_str_t *ret_text, act_buf_t *error);
