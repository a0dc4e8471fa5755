// schema_prices_test: prices (volume, tiers, rounding, what was meant) and leads.
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static act_str_t demo_tenant(test_db_t *db)
{
    act_str_t tenant = test_db_tenant(db);
    DO(db, tenant, SEED_DEMO, empty, empty, NULL, 0);
    return tenant;
}

static const quote_price_reply_t *quote(test_db_t *db, act_str_t tenant, const char *product,
                                        double quantity, const char *language)
{
    const quote_price_reply_t *reply = NULL;
    DO(db, tenant, QUOTE_PRICE, quote_price_request, quote_price_reply, &reply,
       .product = act_str(product), .quantity = quantity, .language = act_str(language));
    return reply;
}

static void a_break_has_the_whole_quantity(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = demo_tenant(db);
    static const struct {
        double quantity;
        int64_t total_minor;
        double reached, next;
    } rows[] = {{0, 2500, 0, 50},
                {1, 2500, 0, 50},
                {49.999, 124998, 0, 50},
                {50, 112500, 50, 150},
                {149.999, 337498, 50, 150},
                {150, 298500, 150, 0},
                {1000000, 1990000000, 150, 0}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        const quote_price_reply_t *reply =
            quote(db, tenant, "demo-painting", rows[i].quantity, "en");
        assert_true(reply->is_known);
        assert_int_equal(reply->lines.count, 1);
        assert_int_equal(reply->total_minor, rows[i].total_minor);
        assert_true(reply->break_from == rows[i].reached);
        assert_true(reply->next_break_from == rows[i].next);
    }
    CHECK_STR(quote(db, tenant, "demo-painting", 20, "en")->next_break_price, "22.50 EUR");
}

static void a_tier_has_only_its_part(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = demo_tenant(db);
    static const struct {
        double quantity;
        uint32_t lines_count;
        int64_t total_minor;
    } rows[] = {{40, 1, 260000}, {41, 2, 265800}, {120, 2, 724000}, {121.5, 3, 731800}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        const quote_price_reply_t *reply =
            quote(db, tenant, "demo-insulation", rows[i].quantity, "fr");
        assert_int_equal(reply->lines.count, rows[i].lines_count);
        assert_int_equal(reply->total_minor, rows[i].total_minor);
        int64_t sum = 0;
        double quantity = 0;
        for (uint32_t k = 0; k < reply->lines.count; k++) {
            sum += reply->lines.items[k].amount_minor;
            quantity += reply->lines.items[k].quantity;
        }
        assert_int_equal(sum, reply->total_minor);
        assert_true(quantity == rows[i].quantity);
    }
}

static void halves_are_rounded_away_from_zero(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    product_name_t name = {.language = ACT_STR("en"), .name = ACT_STR("Screw")};
    static const struct {
        double quantity;
        int64_t total_minor;
    } rows[] = {{0.5, 1}, {1.5, 2}, {2.5, 3}, {0.4, 0}, {0.0004, 1}, {0.0006, 0}};
    DO(db, tenant, PUT_PRODUCT, product, empty, NULL, .product_id = ACT_STR("screw"),
       .currency = ACT_STR("JPY"), .unit_price_minor = 1, .names = {&name, 1});
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_int_equal(quote(db, tenant, "screw", rows[i].quantity, "en")->total_minor,
                         rows[i].total_minor);
    CHECK_STR(quote(db, tenant, "screw", 12345, "en")->total, "12,345 JPY");
    const quote_price_reply_t *reply = NULL;
    static const double no_quantities[] = {-1, 1000001, 0.0 / 0.0, 1.0 / 0.0};
    for (size_t i = 0; i < ACT_COUNT(no_quantities); i++)
        assert_int_equal(CALL(db, tenant, QUOTE_PRICE, quote_price_request, quote_price_reply,
                              &reply, .product = ACT_STR("screw"), .quantity = no_quantities[i]),
                         ACT_E_INVALID_ARGUMENT);
}

static void a_product_is_found_by_what_people_call_it(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = demo_tenant(db);
    static const struct {
        const char *language, *text, *product, *total;
    } rows[] = {
        {"fr", "peinture de façade", "demo-facade", "38,00 EUR"},
        {"fr", "combien coûte une salle de bains complète ?", "demo-bathroom", "6\u202f500,00 EUR"},
        {"en", "How much is interior painting?", "demo-painting", "25.00 EUR"},
        {"en", "what does a complete bathroom cost", "demo-bathroom", "6,500.00 EUR"},
        {"es", "cuánto cuesta el aislamiento", "demo-insulation", "65,00 EUR"},
        {"pt", "quanto custa a pintura de fachada", "demo-facade", "38,00 EUR"},
        {"de", "Was kostet der Fassadenanstrich?", "demo-facade", "38,00 EUR"},
        {"de", "fliesen", "demo-tiling", "48,50 EUR"},
        {"it", "quanto costa un elettricista", "demo-electrician", "58,00 EUR"},
        {"ro", "cat costa vopsire fatada", "demo-facade", "38,00 EUR"},
        {"pl", "ile kosztuje kompletna lazienka", "demo-bathroom", "6\u202f500,00 EUR"},
        {"ar", "كم سعر دهان الواجهة", "demo-facade", "38.00 EUR"},
        {"fr", "demo-tiling", "demo-tiling", "48,50 EUR"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        const quote_price_reply_t *reply = quote(db, tenant, rows[i].text, 0, rows[i].language);
        if (!reply->is_known)
            fail_msg("%s is not known", rows[i].text);
        CHECK_STR(reply->product_id, rows[i].product);
        CHECK_STR(reply->total, rows[i].total);
        assert_true(reply->name.len_bytes > 0 && reply->unit.len_bytes > 0 &&
                    reply->note.len_bytes > 0);
    }
}

static void an_arabic_article_hides_no_product(void **state)
{
    test_db_t *db = *state;
    const quote_price_reply_t *reply = quote(db, demo_tenant(db), "كم سعر البلاط؟", 1, "ar");
    assert_true(reply->is_known);
    CHECK_STR(reply->product_id, "demo-tiling");
}

static void what_is_not_known_has_its_nearest(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = demo_tenant(db);
    const quote_price_reply_t *reply = quote(db, tenant, "painting", 10, "en"); // which of two?
    assert_false(reply->is_known);
    assert_in_range(reply->nearest.count, 2, 5);
    assert_int_equal(reply->total_minor, 0);
    CHECK_STR(reply->nearest.items[0].unit_price, "25.00 EUR");
    reply = quote(db, tenant, "a submarine", 1, "en");
    assert_false(reply->is_known);
    assert_int_equal(reply->nearest.count, 6);
    CHECK_STR(reply->nearest.items[0].product_id, "demo-painting"); // in their order
    reply = quote(db, tenant, "", 1, "en");
    assert_false(reply->is_known);
    assert_int_equal(reply->nearest.count, 6);                  // all: a price list
    reply = quote(db, test_db_tenant(db), "painting", 1, "en"); // another tenant has none
    assert_false(reply->is_known);
    assert_int_equal(reply->nearest.count, 0);
}

static void a_product_is_replaced_whole(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = demo_tenant(db);
    product_name_t names[] = {{.language = ACT_STR("en"), .name = ACT_STR("Walls")}};
    price_break_t breaks[] = {{.from_quantity = 10, .unit_price_minor = 900}};
    DO(db, tenant, PUT_PRODUCT, product, empty, NULL, .product_id = ACT_STR("demo-painting"),
       .currency = ACT_STR("CHF"), .minor_digits = 2, .unit_price_minor = 1000, .names = {names, 1},
       .breaks = {breaks, 1});
    const quote_price_reply_t *reply = quote(db, tenant, "walls", 10, "de");
    CHECK_STR(reply->total, "90,00 CHF");
    const list_products_reply_t *list = NULL;
    DO(db, tenant, LIST_PRODUCTS, empty, list_products_reply, &list, 0);
    assert_int_equal(list->products.count, 6);
    CHECK_STR(list->products.items[0].product_id, "demo-painting");
    assert_int_equal(list->products.items[0].names.count, 1);
    assert_int_equal(list->products.items[0].breaks.count, 1);
    static const struct {
        const char *currency, *pricing;
        int64_t price_minor;
        uint32_t names_count;
    } wrong[] = {{"euro", "volume", 1, 1},
                 {"EUR", "guess", 1, 1},
                 {"EUR", "volume", -1, 1},
                 {"EUR", "volume", 1, 0}};
    for (size_t i = 0; i < ACT_COUNT(wrong); i++)
        assert_int_not_equal(
            CALL(db, tenant, PUT_PRODUCT, product, empty, NULL, .product_id = ACT_STR("wrong"),
                 .currency = act_str(wrong[i].currency), .pricing = act_str(wrong[i].pricing),
                 .unit_price_minor = wrong[i].price_minor, .names = {names, wrong[i].names_count}),
            ACT_E_OK);
}

static void a_product_that_is_removed_is_gone_once(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = demo_tenant(db);
    act_str_t other = demo_tenant(db);
    const remove_product_reply_t *removed = NULL;
    for (int i = 0; i < 2; i++) {
        DO(db, tenant, REMOVE_PRODUCT, remove_product_request, remove_product_reply, &removed,
           .product_id = ACT_STR("demo-painting"));
        assert_true(removed->was_there == (i == 0));
    }
    const list_products_reply_t *list = NULL;
    DO(db, tenant, LIST_PRODUCTS, empty, list_products_reply, &list, 0);
    assert_int_equal(list->products.count, 5);
    assert_true(quote(db, other, "demo-painting", 1, "en")->is_known);
}

// --- leads -----------------------------------------------------------------------------------------

#define CAPTURE(db, tenant, ret_reply, ...)                                                        \
    DO(db, tenant, CAPTURE_LEAD, capture_lead_request, capture_lead_reply, ret_reply, __VA_ARGS__)

static void one_open_lead_a_contact(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    const capture_lead_reply_t *first = NULL, *again = NULL, *more = NULL;
    for (int i = 0; i < 2; i++)
        CAPTURE(db, tenant, i ? &again : &first, .idempotency_key = ACT_STR("k1"),
                .contact_id = turn->contact_id, .conversation_id = conversation,
                .name = ACT_STR("Ada"), .email = ACT_STR("ada@example.org"),
                .interest = ACT_STR("a roof"));
    assert_true(first->was_new && again->was_new);
    assert_true(act_str_eq(first->lead_id, again->lead_id));
    CHECK_STR(first->stage, "new");
    CAPTURE(db, tenant, &more, .idempotency_key = ACT_STR("k2"), .contact_id = turn->contact_id,
            .phone = ACT_STR("+33 6 12 34 56 78"), .interest = ACT_STR("a roof, and windows"));
    assert_false(more->was_new);
    assert_int_equal(more->number, first->number);
    CHECK_STR(
        test_db_admin(db, test_db_text(db,
                                       "select name || '|' || email || '|' || phone || '|' "
                                       "|| interest from leads where lead_id = '%" ACT_STR_FMT "'",
                                       ACT_STR_ARG(first->lead_id))
                              .ptr),
        "Ada|ada@example.org|+33 6 12 34 56 78|a roof, and windows");
    CHECK_STR(test_db_admin(db, test_db_text(db,
                                             "select concat(profile->>'email', ' ', "
                                             "profile->>'phone') from contacts where contact_id = "
                                             "'%" ACT_STR_FMT "'",
                                             ACT_STR_ARG(turn->contact_id))
                                    .ptr),
              "ada@example.org +33 6 12 34 56 78");
    assert_int_equal(CALL(db, tenant, CAPTURE_LEAD, capture_lead_request, capture_lead_reply, &more,
                          .idempotency_key = ACT_STR("k2"), .contact_id = turn->contact_id,
                          .interest = ACT_STR("something else")),
                     ACT_E_CONFLICT);
}

static void a_lead_is_a_receipt_of_its_turn(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    const capture_lead_reply_t *first = NULL, *again = NULL;
    for (int i = 0; i < 2; i++)
        CAPTURE(db, tenant, i ? &again : &first,
                .idempotency_key = i ? ACT_STR("other") : ACT_STR("key"),
                .contact_id = turn->contact_id, .conversation_id = conversation,
                .turn_id = turn->turn_id, .step_key = ACT_STR("flow/0/1/lead"),
                .name = ACT_STR("Ada"));
    assert_true(act_str_eq(first->lead_id, again->lead_id));
    CHECK_STR(test_db_admin(db, test_db_text(db,
                                             "select kind from turn_steps where turn_id = "
                                             "'%" ACT_STR_FMT "'",
                                             ACT_STR_ARG(turn->turn_id))
                                    .ptr),
              "effect");
}

static void a_lead_says_something_true(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    const capture_lead_reply_t *lead = NULL;
    static const struct {
        const char *name, *email, *phone;
    } wrong[] = {{"", "", ""},           {" ", "", ""},          {"Ada", "ada", ""},
                 {"Ada", "a b@c.d", ""}, {"Ada", "a@b@c.d", ""}, {"Ada", "", "call me"},
                 {"Ada", "", "1234"}};
    for (size_t i = 0; i < ACT_COUNT(wrong); i++)
        assert_int_equal(CALL(db, tenant, CAPTURE_LEAD, capture_lead_request, capture_lead_reply,
                              &lead, .idempotency_key = ACT_STR("k"),
                              .name = act_str(wrong[i].name), .email = act_str(wrong[i].email),
                              .phone = act_str(wrong[i].phone)),
                         ACT_E_INVALID_ARGUMENT);
    CAPTURE(db, tenant, &lead, .idempotency_key = ACT_STR("k"), .message = ACT_STR("call me"));
    assert_int_equal(lead->number, 1); // nobody's contact
    CAPTURE(db, tenant, &lead, .idempotency_key = ACT_STR("k9"), .message = ACT_STR("me too"));
    assert_int_equal(lead->number, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_break_has_the_whole_quantity),
        cmocka_unit_test(a_tier_has_only_its_part),
        cmocka_unit_test(halves_are_rounded_away_from_zero),
        cmocka_unit_test(a_product_is_found_by_what_people_call_it),
        cmocka_unit_test(an_arabic_article_hides_no_product),
        cmocka_unit_test(what_is_not_known_has_its_nearest),
        cmocka_unit_test(a_product_is_replaced_whole),
        cmocka_unit_test(a_product_that_is_removed_is_gone_once),
        cmocka_unit_test(one_open_lead_a_contact),
        cmocka_unit_test(a_lead_is_a_receipt_of_its_turn),
        cmocka_unit_test(a_lead_says_something_true),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
