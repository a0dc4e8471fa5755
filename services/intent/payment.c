// payment: card numbers and IBANs.
#include "payment.h"

#include "base/mem.h"
#include "text/letters.h"

// --- characters ----------------------------------------------------------------------------------

// 0 to 9 for a decimal digit of Latin or Arabic writing, else -1.
static int digit_of(uint32_t code)
{
    static const uint32_t zeros[] = {'0', 0x0660, 0x06f0};
    for (size_t i = 0; i < ACT_COUNT(zeros); i++)
        if (code >= zeros[i] && code <= zeros[i] + 9)
            return (int)(code - zeros[i]);
    return -1;
}

// What may stand, once, between the groups of a number.
static bool is_separator(uint32_t code)
{
    return code == ' ' || code == '-' || code == '.' || code == 0x202f;
}

static uint32_t next_code(act_str_t text, size_t *offset)
{
    return act_letter_canonical(act_utf8_next(text, offset));
}

// --- cards ---------------------------------------------------------------------------------------

#define CARD_DIGITS_MIN 13u
#define CARD_DIGITS_MAX 19u
#define RUN_DIGITS_MAX 64u

#define LENGTH(n) (1u << (n))
#define LENGTHS_16_TO_19 (LENGTH(16) | LENGTH(17) | LENGTH(18) | LENGTH(19))

// ISO/IEC 7812 issuer ranges by their first four digits, and the lengths they issue.
static const struct {
    uint16_t first;
    uint16_t last;
    uint32_t lengths;
} issuers[] = {
    {2200, 2204, LENGTH(16)},                           // Mir
    {2221, 2720, LENGTH(16)},                           // Mastercard
    {3000, 3059, LENGTH(14)},                           // Diners Club
    {3400, 3499, LENGTH(15)},                           // American Express
    {3528, 3589, LENGTH(16)},                           // JCB
    {3600, 3699, LENGTH(14)},                           // Diners Club
    {3700, 3799, LENGTH(15)},                           // American Express
    {3800, 3999, LENGTH(14)},                           // Diners Club
    {4000, 4999, LENGTH(13) | LENGTH(16) | LENGTH(19)}, // Visa
    {5018, 5038, LENGTHS_16_TO_19},                     // Maestro
    {5100, 5599, LENGTH(16)},                           // Mastercard
    {5893, 5893, LENGTHS_16_TO_19},                     // Maestro
    {6011, 6011, LENGTH(16) | LENGTH(19)},              // Discover
    {6200, 6299, LENGTHS_16_TO_19},                     // UnionPay
    {6304, 6304, LENGTHS_16_TO_19},                     // Maestro
    {6440, 6599, LENGTH(16) | LENGTH(19)},              // Discover
    {6759, 6763, LENGTHS_16_TO_19},                     // Maestro
};

// Digits in a row, with the places where a group of them begins.
typedef struct {
    uint8_t digits[RUN_DIGITS_MAX];
    bool begins_group[RUN_DIGITS_MAX + 1];
    uint32_t count;
} run_t;

static bool luhn_holds(const uint8_t *digits, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t digit = digits[count - 1 - i];
        uint32_t doubled = i % 2 == 1 ? 2 * digit : digit;
        sum += doubled > 9 ? doubled - 9 : doubled;
    }
    return sum % 10 == 0;
}

static bool is_issued(const uint8_t *digits, uint32_t count)
{
    uint32_t head = digits[0] * 1000u + digits[1] * 100u + digits[2] * 10u + digits[3];
    for (size_t i = 0; i < ACT_COUNT(issuers); i++)
        if (head >= issuers[i].first && head <= issuers[i].last)
            return (issuers[i].lengths & LENGTH(count)) != 0;
    return false;
}

// A number begins and ends with a group: "4111 1111 1111 1111 12/27" goes on with the date.
static bool run_has_card(const run_t *run)
{
    for (uint32_t at = 0; at + CARD_DIGITS_MIN <= run->count; at++) {
        if (!run->begins_group[at])
            continue;
        for (uint32_t n = CARD_DIGITS_MIN; n <= CARD_DIGITS_MAX && at + n <= run->count; n++) {
            bool ends_group = at + n == run->count || run->begins_group[at + n];
            if (ends_group && is_issued(run->digits + at, n) && luhn_holds(run->digits + at, n))
                return true;
        }
    }
    return false;
}

// Adds the digit; a run that is full loses its beginning.
static void add_digit(run_t *run, int digit, bool begins_group)
{
    if (run->count == RUN_DIGITS_MAX) {
        uint32_t kept = CARD_DIGITS_MAX;
        for (uint32_t i = 0; i < kept; i++) {
            run->digits[i] = run->digits[RUN_DIGITS_MAX - kept + i];
            run->begins_group[i] = run->begins_group[RUN_DIGITS_MAX - kept + i];
        }
        run->count = kept;
    }
    run->begins_group[run->count] = begins_group;
    run->digits[run->count++] = (uint8_t)digit;
}

bool payment_has_card(act_str_t text)
{
    run_t run = {.count = 0};
    bool is_after_separator = true;
    for (size_t offset = 0; offset < text.len_bytes;) {
        uint32_t code = next_code(text, &offset);
        int digit = digit_of(code);
        if (digit >= 0) {
            if (run.count == RUN_DIGITS_MAX && run_has_card(&run))
                return true;
            add_digit(&run, digit, run.count == 0 || is_after_separator);
            is_after_separator = false;
        } else if (is_separator(code) && !is_after_separator) {
            is_after_separator = true;
        } else {
            if (run_has_card(&run))
                return true;
            run.count = 0;
            is_after_separator = true;
        }
    }
    return run_has_card(&run);
}

// --- IBANs ---------------------------------------------------------------------------------------

#define IBAN_MAX 34u

// The registry's length for each country whose customers may write to us.
static const struct {
    char country[3];
    uint8_t length;
} iban_lengths[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
    {"BR", 29}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"DO", 28},
    {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22},
    {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23},
    {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LI", 21},
    {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19},
    {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24}, {"PL", 28},
    {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24}, {"SD", 18}, {"SE", 24},
    {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SV", 28}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22},
    {"VG", 24}, {"XK", 20},
};

static uint32_t iban_length(const char *head)
{
    for (size_t i = 0; i < ACT_COUNT(iban_lengths); i++)
        if (iban_lengths[i].country[0] == head[0] && iban_lengths[i].country[1] == head[1])
            return iban_lengths[i].length;
    return 0;
}

// '0' to '9', 'A' to 'Z', or 0 for anything else.
static char iban_char(uint32_t code)
{
    int digit = digit_of(code);
    if (digit >= 0)
        return (char)('0' + digit);
    uint32_t lower = act_letter_lower(code);
    return lower >= 'a' && lower <= 'z' ? (char)(lower - 'a' + 'A') : 0;
}

// ISO 13616: the first four characters behind the rest, letters as 10 to 35, modulo 97 is 1.
static bool iban_holds(const char *iban, uint32_t length)
{
    uint32_t rest = 0;
    for (uint32_t i = 0; i < length; i++) {
        char c = iban[(i + 4) % length];
        uint32_t value = c <= '9' ? (uint32_t)(c - '0') : (uint32_t)(c - 'A') + 10;
        rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
    }
    return rest == 1;
}

// Is there an IBAN that begins at offset?
static bool iban_begins(act_str_t text, size_t offset)
{
    char iban[IBAN_MAX + 1];
    uint32_t count = 0;
    uint32_t length = IBAN_MAX;
    bool is_after_separator = false;
    while (offset < text.len_bytes && count < length) {
        uint32_t code = next_code(text, &offset);
        char c = iban_char(code);
        if (!c && (!is_separator(code) || is_after_separator))
            return false;
        is_after_separator = !c;
        if (!c)
            continue;
        // Behind the country stand two check digits; words do not.
        if ((count == 2 || count == 3) && c > '9')
            return false;
        iban[count++] = c;
        if (count == 2)
            length = iban_length(iban);
    }
    return count > 4 && count == length && iban_holds(iban, length);
}

bool payment_has_iban(act_str_t text)
{
    bool is_in_word = false;
    for (size_t offset = 0; offset < text.len_bytes;) {
        size_t at = offset;
        bool is_char = iban_char(next_code(text, &offset)) != 0;
        if (is_char && !is_in_word && iban_begins(text, at))
            return true;
        is_in_word = is_char;
    }
    return false;
}
