// contact: an e-mail address or a phone number in what a customer wrote. Whether anybody is there to be
// reached is not looked at; what is found can be written to or dialled.
#pragma once
#include "base/arena.h"

#define CONTACT_EMAIL_MAX_BYTES 254
// ITU-T E.164: at most 15 digits; shorter than 6 is an extension, or a price.
#define CONTACT_PHONE_MIN_DIGITS 6
#define CONTACT_PHONE_MAX_DIGITS 15

// The first e-mail address of the text, as it stands there; else the first phone number, as digits with
// the sign it may begin with (digits of any script become 0-9); else empty. Texts are the text's or the
// arena's.
act_str_t contact_find(act_arena_t *arena, act_str_t text);

bool contact_is_email(act_str_t contact);
