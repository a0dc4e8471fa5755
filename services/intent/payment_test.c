// payment_test: numbers that are cards and IBANs, and the many that are not. The cards are the test
// numbers that payment processors publish.
#include "payment.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void cards_are_found_however_they_are_written(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "4111111111111111",
        "my card is 4111 1111 1111 1111 exp 12/27 cvv 123",
        "4111-1111-1111-1111",
        "4111 1111 1111 1111 12/27",
        "4111 1111 1111 1111 123",
        "carte:5555555555554444.",
        "2223003122003222",
        "378282246310005",
        "6011 1111 1111 1117",
        "30569309025904",
        "3530111333300000",
        "4222222222222",
        "rif 12, 4012888888881881",
        "رقم البطاقة ٤١١١ ١١١١ ١١١١ ١١١١",
        "４１１１ １１１１ １１１１ １１１１",
    };
    for (size_t i = 0; i < ACT_COUNT(texts); i++)
        if (!payment_has_card(act_str(texts[i])))
            fail_msg("not found: %s", texts[i]);
}

static void other_numbers_are_no_cards(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "call me on +33 6 12 34 56 78",
        "0032 470 12 34 56 or 0032 470 65 43 21",
        "4111111111111112",                 // check digit
        "1234567812345670",                 // Luhn holds, no issuer
        "411111111111111",                  // too short
        "41111111111111111111111111111111", // one long number
        "order 202611210001, 21/11/2026 16:30",
        "4111/1111/1111/1111",
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
    };
    for (size_t i = 0; i < ACT_COUNT(texts); i++)
        if (payment_has_card(act_str(texts[i])))
            fail_msg("found: %s", texts[i]);
}

static void a_card_is_found_behind_any_number_of_digits(void **state)
{
    (void)state;
    char text[512];
    for (size_t lead = 1; lead < 200; lead++) {
        memset(text, '1', lead);
        strcpy(text + lead, " 4111 1111 1111 1111");
        assert_true(payment_has_card(act_str(text)));
    }
}

static void ibans_are_found_however_they_are_written(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "DE89370400440532013000",
        "mon iban FR14 2004 1010 0505 0001 3M02 606 merci",
        "gb29 nwbk 6016 1331 9268 19",
        "BE68-5390-0754-7034",
        "IBAN:PL61109010140000071219812874,",
        "RO49AAAA1B31007593840000",
        "IT60X0542811101000000123456",
        "ES9121000418450200051332",
        "PT50000201231234567890154",
        "SA0380000000608010167519",
        "NO9386011117947",
    };
    for (size_t i = 0; i < ACT_COUNT(texts); i++)
        if (!payment_has_iban(act_str(texts[i])))
            fail_msg("not found: %s", texts[i]);
}

static void other_words_are_no_ibans(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "DE",
        "de 2 a 5 personas el 14 de mayo a las 20 30 en la terraza",
        "DE88370400440532013000",  // check digits
        "XX89370400440532013000",  // no country
        "DE8937040044053201300",   // too short
        "XDE89370400440532013000", // inside a word
        "DE89/3704/0044/0532/0130/00",
        "Aufgabe DE12 ist fertig",
        "gostava de desmarcar a minha consulta", // letters that pass modulo 97
        "nie bedzie mnie jutro na wizycie",
    };
    for (size_t i = 0; i < ACT_COUNT(texts); i++)
        if (payment_has_iban(act_str(texts[i])))
            fail_msg("found: %s", texts[i]);
}

static void malformed_bytes_end_a_number(void **state)
{
    (void)state;
    assert_false(payment_has_card(ACT_STR("41111111\xff"
                                          "11111111")));
    assert_false(payment_has_iban(ACT_STR("DE89370400\xc3"
                                          "440532013000")));
    assert_true(payment_has_card(ACT_STR("\xff"
                                         "4111111111111111\xf0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cards_are_found_however_they_are_written),
        cmocka_unit_test(other_numbers_are_no_cards),
        cmocka_unit_test(a_card_is_found_behind_any_number_of_digits),
        cmocka_unit_test(ibans_are_found_however_they_are_written),
        cmocka_unit_test(other_words_are_no_ibans),
        cmocka_unit_test(malformed_bytes_end_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
