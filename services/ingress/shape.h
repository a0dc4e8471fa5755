// shape: what a message looks like, for those who wonder whether the customer goes on writing. Pure; nothing
// is understood, only the end of the text is looked at.
#pragma once
#include "proto/common.h"

// choice    a button or a list row: nothing more will come
// sentence  ends as sentences and questions do
// words     neither a sentence's end nor a fragment's
// fragment  ends with a comma, a colon, a dash: it goes on
// media     without a word; what it is about often comes after it
// Lives for ever.
const char *shape_of(const inbound_message_t *message);
