// tool_offers_test: the last word of a service counts, whole or not at all.
#include "tool_offers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t count(const tool_offers_t *offers)
{
    const tool_offer_t *offer = NULL;
    act_str_t service;
    uint32_t found = 0;
    while (tool_offers_row(offers, found, &offer, &service))
        found++;
    return found;
}

static put_tools_request_t request_of(const char *service, tool_offer_t *tools,
                                      uint32_t tools_count)
{
    return (put_tools_request_t){.service = act_str(service), .tools = {tools, tools_count}};
}

static void the_last_word_counts(void **state)
{
    (void)state;
    tool_offers_t *offers = tool_offers_new();
    char name[] = "first"; // copied: the caller's goes
    tool_offer_t tools[] = {{.name = act_str(name), .state = ACT_STR("ready")},
                            {.name = ACT_STR("second"), .tenant = ACT_STR("acme")}};
    put_tools_request_t request = request_of("a", tools, 2);
    assert_int_equal(tool_offers_put(offers, &request), ACT_E_OK);
    memset(name, 'x', strlen(name));
    request = request_of("b", tools + 1, 1);
    assert_int_equal(tool_offers_put(offers, &request), ACT_E_OK);
    assert_int_equal(count(offers), 3);
    const tool_offer_t *offer = NULL;
    act_str_t service;
    assert_true(tool_offers_row(offers, 0, &offer, &service));
    assert_true(act_str_is(offer->name, "first") && act_str_is(service, "a"));
    request = request_of("a", NULL, 0);
    assert_int_equal(tool_offers_put(offers, &request), ACT_E_OK);
    assert_int_equal(count(offers), 1);
    tool_offers_destroy(&offers);
}

static void what_is_too_much_changes_nothing(void **state)
{
    (void)state;
    tool_offers_t *offers = tool_offers_new();
    size_t len_bytes = 100000;
    char *card = calloc(1, len_bytes);
    memset(card, ' ', len_bytes);
    tool_offer_t tools[32];
    for (size_t i = 0; i < ACT_COUNT(tools); i++)
        tools[i] = (tool_offer_t){.name = ACT_STR("tool"), .card = {card, len_bytes}};
    put_tools_request_t request = request_of("a", tools, 1);
    assert_int_equal(tool_offers_put(offers, &request), ACT_E_OK);
    request = request_of("a", tools, ACT_COUNT(tools));
    assert_int_equal(tool_offers_put(offers, &request), ACT_E_TOO_LARGE);
    tools[1].name = ACT_STR("Not A Name");
    request = request_of("a", tools, 2);
    assert_int_equal(tool_offers_put(offers, &request), ACT_E_INVALID_ARGUMENT);
    assert_int_equal(count(offers), 1);
    for (int i = 0; i < TOOL_OFFERS_SERVICES_MAX_COUNT; i++) {
        char service[16];
        snprintf(service, sizeof service, "s%d", i);
        request = request_of(service, tools, 1);
        assert_int_equal(tool_offers_put(offers, &request),
                         i < TOOL_OFFERS_SERVICES_MAX_COUNT - 1 ? ACT_E_OK : ACT_E_OVERLOADED);
    }
    free(card);
    tool_offers_destroy(&offers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_word_counts),
        cmocka_unit_test(what_is_too_much_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
