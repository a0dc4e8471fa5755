// shape: makes text fit WhatsApp. Lengths are code points, as the limits of the Cloud API are. A
// cut never falls inside a character as a person sees it: combining marks, Arabic vowel signs,
// joined and coloured emoji stay whole.
#pragma once
#include "base/arena.h"
#include "proto/common.h"

#define WHATSAPP_TEXT_MAX_COUNT 4096
#define WHATSAPP_BODY_MAX_COUNT 1024 // of buttons and lists
#define WHATSAPP_BUTTONS_MAX_COUNT 3

// At most max_count code points, trimmed; what was cut is shown by an ellipsis at the end. Borrows
// when nothing had to be cut.
act_str_t whatsapp_cut(act_str_t text, size_t max_count, act_arena_t *arena);

// The same for texts of one line (titles, descriptions, headers): white space and control
// characters in a row become one space.
act_str_t whatsapp_cut_line(act_str_t text, size_t max_count, act_arena_t *arena);

// The next part of a text for messages of WHATSAPP_TEXT_MAX_COUNT code points, cut at the end of a
// paragraph, else of a line, a sentence, a word, if one ends in the second half. *rest keeps what
// follows, without the white space between. Borrows; call until *rest is empty. The part is empty
// only when there is nothing but white space.
act_str_t whatsapp_split_text(act_str_t *rest);

// The first part, of which *rest is left with no more than tail_max_count code points; takes a text
// of WHATSAPP_TEXT_MAX_COUNT at most, and more than tail_max_count. Prefers to leave a last
// paragraph whole: there the question stands that buttons answer.
act_str_t whatsapp_split_tail(act_str_t *rest, size_t tail_max_count);
