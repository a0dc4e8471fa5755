// delta: the short way for the events that a stream is full of: one more piece of text. One pass over the
// event, without memory, finds the text; whatever is not exactly such an event goes the long way, through
// the JSON library. Measured: the library alone takes more than a streamed answer may.
#pragma once
#include "base/buf.h"

typedef struct {
    const char *text_key;    // the member with the text; there must be one
    const char *marker;      // a string value that must be there; NULL: none
    const char *const *slow; // members that go the long way, unless they are null; ended by NULL
} delta_shape_t;

// The text, as it stands in the event, unescaped into `out` (which is emptied) if it must be. False: not
// such an event, or not one this way understands.
bool delta_read(const delta_shape_t *shape, act_str_t event, act_buf_t *out, act_str_t *ret_text);
