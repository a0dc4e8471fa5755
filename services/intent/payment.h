// payment: does a text hold a card number or an IBAN? Such a message must not reach a language
// model or a log. Formats and check digits are checked, so that telephone and order numbers are not
// taken for one: about 1 of 40 random runs of 16 digits passes, and 1 of 97 random IBANs.
#pragma once
#include "base/str.h"

bool payment_has_card(act_str_t text);
bool payment_has_iban(act_str_t text);
