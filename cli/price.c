// price: digits by hand; no floating point where money is.
#include "price.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MINOR_MAX 1000000000000

uint32_t price_digits(act_str_t currency)
{
    static const struct {
        const char *currency;
        uint32_t digits;
    } others[] = {{"JPY", 0}, {"KRW", 0}, {"VND", 0}, {"CLP", 0}, {"ISK", 0},
                  {"XAF", 0}, {"XOF", 0}, {"PYG", 0}, {"BHD", 3}, {"JOD", 3},
                  {"KWD", 3}, {"OMR", 3}, {"TND", 3}, {"IQD", 3}, {"LYD", 3}};
    for (size_t i = 0; i < ACT_COUNT(others); i++)
        if (act_str_is(currency, others[i].currency))
            return others[i].digits;
    return 2;
}

bool price_parse(act_str_t text, uint32_t digits, int64_t *ret_minor)
{
    act_str_t decimals = text;
    act_str_t whole = act_str_cut(&decimals, '.');
    if (act_str_empty(whole) || decimals.len_bytes > digits ||
        (act_str_empty(decimals) && whole.len_bytes != text.len_bytes))
        return false;
    int64_t minor = 0;
    for (size_t i = 0; i < whole.len_bytes + digits; i++) {
        size_t place = i - whole.len_bytes;
        char c = i < whole.len_bytes          ? whole.ptr[i]
                 : place < decimals.len_bytes ? decimals.ptr[place]
                                              : '0';
        if (!isdigit((unsigned char)c))
            return false;
        minor = minor * 10 + (c - '0');
        if (minor > MINOR_MAX)
            return false;
    }
    *ret_minor = minor;
    return true;
}

void price_text(int64_t minor, uint32_t digits, char ret_text[PRICE_TEXT_BYTES])
{
    int64_t one = 1;
    for (uint32_t i = 0; i < digits; i++)
        one *= 10;
    if (digits == 0)
        snprintf(ret_text, PRICE_TEXT_BYTES, "%" PRId64, minor);
    else
        snprintf(ret_text, PRICE_TEXT_BYTES, "%" PRId64 ".%0*" PRId64, minor / one, (int)digits,
                 minor % one);
}

// A quantity of at most three decimals, above 0.
static bool quantity_parse(act_str_t text, double *ret_quantity)
{
    int64_t thousandths = 0;
    if (!price_parse(text, 3, &thousandths) || thousandths == 0)
        return false;
    *ret_quantity = (double)thousandths / 1000;
    return true;
}

bool price_breaks_parse(act_str_t text, uint32_t digits, price_break_t *ret_breaks,
                        uint32_t breaks_max, uint32_t *ret_count)
{
    *ret_count = 0;
    while (!act_str_empty(text)) {
        act_str_t price = act_str_trim(act_str_cut(&text, ','));
        act_str_t quantity = act_str_cut(&price, '=');
        price_break_t row;
        if (*ret_count == breaks_max || !quantity_parse(quantity, &row.from_quantity) ||
            !price_parse(price, digits, &row.unit_price_minor))
            return false;
        ret_breaks[(*ret_count)++] = row;
    }
    return true;
}
