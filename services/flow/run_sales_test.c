// run: prices and leads, from the question to the receipt, in all nine languages.
#include "run.h"

#include "match.h"
#include "talk_fake.h"
#include "texts/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static talk_fake_t *talk_new(const char *language)
{
    talk_fake_t *talk = talk_fake_new(language);
    talk_fake_add_products(talk);
    talk->phone = "447700900123";
    return talk;
}

static bool said(const talk_fake_t *talk, const char *part)
{
    for (uint32_t i = 0; i < talk->reply.messages.count; i++)
        if (match_has(talk->reply.messages.items[i].text, act_str(part)))
            return true;
    return false;
}

// --- prices --------------------------------------------------------------------------------------

static void quotes_what_was_chosen_and_notes_the_lead(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ACT_TEXT_LANGUAGES_COUNT; i++) {
        ACT_AUTO(talk_fake) *talk = talk_new(act_text_languages[i]);
        talk_fake_begin(talk, "ask_price", "?");
        talk_fake_assert_says(talk, "price.which");
        talk_fake_tap(talk, ":tiles");
        talk_fake_assert_waits(talk);
        talk_fake_assert_has(talk, "Tiles");
        talk_fake_say(talk, "60m2");
        talk_fake_assert_waits(talk);
        assert_true(said(talk, "60 m² × 40.00 EUR"));
        assert_true(said(talk, "2400.00 EUR"));
        assert_false(said(talk, " = "));   // the amount of one line is the total
        assert_true(said(talk, "50 m²"));  // the break that it reached
        assert_true(said(talk, "100 m²")); // the next one
        assert_true(said(talk, "35.00 EUR"));
        talk_fake_assert_says(talk, "price.contact");
        talk_fake_tap(talk, ":yes");
        talk_fake_assert_says(talk, "lead.name");
        talk_fake_say(talk, "Ada Martin");
        talk_fake_assert_waits(talk);
        talk_fake_assert_has(talk, "+447700900123");
        talk_fake_tap(talk, ":own");
        talk_fake_assert_has(talk,
                             "Tiles, 60 m²: 2400.00 EUR"); // nobody asks again what it is about
        assert_int_equal(talk->store.writes_count, 0);
        talk_fake_tap(talk, ":yes");
        talk_fake_assert_ended(talk);
        talk_fake_assert_has(talk, "77");
        talk_fake_assert_text(talk->store.lead.name, "Ada Martin");
        talk_fake_assert_text(talk->store.lead.phone, "+447700900123");
        talk_fake_assert_text(talk->store.lead.email, "");
        talk_fake_assert_text(talk->store.lead.interest, "Tiles, 60 m²: 2400.00 EUR");
        talk_fake_assert_text(talk->store.lead.contact_id, "contact-1");
        assert_int_equal(talk->store.writes_count, 1);
    }
}

static void quotes_at_once_what_the_message_tells(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("fr");
    talk_fake_begin(talk, "ask_price", "combien pour 12 m2 de Tiles ?");
    assert_true(said(talk, "12 m² × 44.00 EUR\n"));
    talk_fake_assert_says(talk, "price.contact");
    talk_fake_begin(talk, "ask_price", "Tiles ?");
    talk_fake_assert_has(talk, "m²");
    talk_fake_say(talk, "beaucoup");
    talk_fake_assert_waits(talk);
    talk_fake_assert_has(talk, "100000");
    talk_fake_say(talk, "1 ou 2");
    talk_fake_assert_waits(talk);
    talk_fake_say(talk, "une douzaine, 12");
    assert_true(said(talk, "528.00 EUR"));
    talk_fake_tap(talk, ":no");
    talk_fake_assert_says(talk, "price.declined");
    talk_fake_assert_ended(talk);
}

static void takes_the_only_one_that_is_near(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    product_hit_t near = talk->store.products[0];
    near.score = 0.4;
    talk->store.products = &near;
    talk->store.products_count = 1;
    talk_fake_begin(talk, "ask_price", "how much is a floor?");
    talk_fake_assert_has(talk, "Tiles");
    near.score = 0.1;
    talk_fake_begin(talk, "ask_price", "how much is a haircut?");
    talk_fake_assert_says(talk, "price.which");
}

static void looks_for_what_the_list_does_not_show(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "ask_price", "price list for 12 of something");
    talk_fake_assert_says(talk, "price.which");
    product_hit_t hidden = {.product_id = ACT_STR("carpet"),
                            .name = ACT_STR("Carpet"),
                            .unit = ACT_STR("m²"),
                            .unit_price_minor = 2000};
    talk->store.products = &hidden; // what the list showed is not what there is
    talk->store.products_count = 1;
    talk_fake_say(talk, "rather the blue Carpet you have");
    assert_true(said(talk, "12 m² × 20.00 EUR"));

    talk_fake_begin(talk, "ask_price", "?");
    talk_fake_say(talk, "a haircut");
    talk_fake_assert_says(talk, "price.which_error");
    talk_fake_assert_says(talk, "price.which");
    talk_fake_say(talk, "a shave");
    talk_fake_assert_waits(talk);
    talk_fake_say(talk, "a beard trim");
    talk_fake_assert_text(talk->reply.decision, "HUMAN_HANDOFF");
}

static void takes_another_quantity_after_the_quote(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "ask_price", "price for 12 m2 of Tiles");
    talk->intent = "ask_price";
    talk->confidence = 0.99;
    talk_fake_say(talk, "and for 120 m2?");
    assert_true(said(talk, "4200.00 EUR"));
    talk_fake_assert_waits(talk);
    talk_fake_say(talk, "1"); // the place of the first button
    talk_fake_assert_says(talk, "lead.name");
}

static void leaves_the_flow_for_another_subject(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "ask_price", "price for 12 m2 of Tiles");
    talk->intent = "book_appointment";
    talk->confidence = 0.99;
    talk_fake_say(talk, "book a visit on the 14th");
    assert_true(talk->reply.is_abandoned);
    talk_fake_begin(talk, "ask_price", "price for 12 m2 of Tiles");
    talk->intent = "none";
    talk_fake_say(talk, "cancel");
    talk_fake_assert_says(talk, "flow.cancelled");
    talk_fake_assert_ended(talk);
}

static void leaves_a_question_to_the_agent_when_there_are_no_prices(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    talk_fake_begin(talk, "ask_price", "how much is parking?");
    assert_int_equal(talk->err, ACT_E_OK);
    assert_true(talk->reply.is_abandoned);
    assert_int_equal(talk->reply.messages.count, 0);
    talk_fake_choose(talk, "menu:ask_price"); // a button has no question in it
    talk_fake_assert_says(talk, "price.none");
    talk_fake_tap(talk, ":yes");
    talk_fake_assert_says(talk, "lead.name");
}

static void writes_amounts_from_left_to_right_in_arabic(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("ar");
    talk_fake_begin(talk, "ask_price", "Tiles 12");
    assert_true(said(talk, "\u2066"
                           "12 m² × 44.00 EUR\u2069"));
    talk_fake_tap(talk, ":yes");
    talk_fake_say(talk, "هدى");
    talk_fake_assert_has(talk, "\u2066+447700900123\u2069");
}

static void fails_when_the_price_is_gone(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "ask_price", "Tiles");
    talk->store.products_count = 0;
    talk_fake_say(talk, "12");
    assert_int_equal(talk->err, ACT_E_NOT_FOUND);
}

// --- leads ---------------------------------------------------------------------------------------

static void takes_the_contact_that_is_told(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    talk_fake_begin(talk, "leave_contact", "take my details, my mail is ada@post.example");
    talk_fake_assert_says(talk, "lead.name");
    talk_fake_say(talk, "Ada");
    talk_fake_assert_says(talk, "lead.interest");
    talk_fake_say(talk, "a new roof");
    talk_fake_assert_has(talk, "ada@post.example");
    talk_fake_say(talk, "yes please");
    talk_fake_assert_ended(talk);
    talk_fake_assert_text(talk->store.lead.email, "ada@post.example");
    talk_fake_assert_text(talk->store.lead.phone, "");
    talk_fake_assert_text(talk->store.lead.interest, "a new roof");
}

static void corrects_what_is_wrong(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    talk_fake_begin(talk, "leave_contact", "my mail is ada@post.example");
    talk_fake_say(talk, "Ada");
    talk_fake_say(talk, "a roof");
    talk_fake_say(talk, "no, it is ada@web.example");
    talk_fake_assert_has(talk, "ada@web.example");
    talk_fake_assert_has(talk, "a roof");
    talk_fake_tap(talk, ":no");
    talk_fake_assert_says(talk, "lead.name_again");
    talk_fake_say(talk, "Ada Martin");
    talk_fake_assert_waits(talk);
    talk_fake_say(talk, "020 7946 0112");
    talk_fake_say(talk, "the roof");
    talk_fake_assert_has(talk, "02079460112");
    talk_fake_tap(talk, ":yes");
    talk_fake_assert_text(talk->store.lead.name, "Ada Martin");
    talk_fake_assert_text(talk->store.lead.phone, "02079460112");
    talk_fake_assert_text(talk->store.lead.interest, "the roof");
}

static void wants_a_contact_that_can_be_one(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en"); // no number is known, so no button either
    talk_fake_begin(talk, "leave_contact", "");
    talk_fake_say(talk, "Ada");
    assert_int_equal(talk->reply.messages.items[0].choices.count, 0);
    talk_fake_say(talk, "ada at post");
    talk_fake_assert_says(talk, "retry.contact");
    talk_fake_say(talk, "1");
    talk_fake_assert_says(talk, "retry.contact");
    talk_fake_say(talk, "ask my boss");
    talk_fake_assert_text(talk->reply.decision, "HUMAN_HANDOFF");
    assert_int_equal(talk->store.writes_count, 0);
}

static void confirms_no_lead_that_is_not_stored(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    talk_fake_begin(talk, "leave_contact", "ada@post.example");
    talk_fake_say(talk, "Ada");
    talk_fake_say(talk, "a roof");
    act_str_t confirm = talk->state;
    talk->store.err = ACT_E_DATABASE;
    talk_fake_tap(talk, ":yes");
    assert_int_equal(talk->err, ACT_E_DATABASE);
    talk->state = confirm;
    talk->store.is_without_number = true;
    talk_fake_choose(talk, "leave_contact.confirm:yes");
    assert_int_equal(talk->err, ACT_E_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_what_was_chosen_and_notes_the_lead),
        cmocka_unit_test(quotes_at_once_what_the_message_tells),
        cmocka_unit_test(takes_the_only_one_that_is_near),
        cmocka_unit_test(looks_for_what_the_list_does_not_show),
        cmocka_unit_test(takes_another_quantity_after_the_quote),
        cmocka_unit_test(leaves_the_flow_for_another_subject),
        cmocka_unit_test(leaves_a_question_to_the_agent_when_there_are_no_prices),
        cmocka_unit_test(writes_amounts_from_left_to_right_in_arabic),
        cmocka_unit_test(fails_when_the_price_is_gone),
        cmocka_unit_test(takes_the_contact_that_is_told),
        cmocka_unit_test(corrects_what_is_wrong),
        cmocka_unit_test(wants_a_contact_that_can_be_one),
        cmocka_unit_test(confirms_no_lead_that_is_not_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
