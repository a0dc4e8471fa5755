// price: amounts as people type and read them, to and from whole minor units.
#pragma once
#include "proto/persistence.h"

#define PRICE_TEXT_BYTES 32

// Decimals of a currency: 2, unless it has others.
uint32_t price_digits(act_str_t currency);

// "22.5" with two digits is 2250. False: no amount, more decimals than it has, or more than the table takes.
bool price_parse(act_str_t text, uint32_t digits, int64_t *ret_minor);
void price_text(int64_t minor, uint32_t digits, char ret_text[PRICE_TEXT_BYTES]);

// "50=22.50,150=19.90": from 50 on 22.50 each. False: it is not that, or there are too many.
bool price_breaks_parse(act_str_t text, uint32_t digits, price_break_t *ret_breaks,
                        uint32_t breaks_max, uint32_t *ret_count);
