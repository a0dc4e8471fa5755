// intent_test: the actor on the wire: a call, its reply, and settings it cannot work with.
#include "intent.h"

#include "harness/service_kit.h"
#include "intents.h"
#include "proto/intent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_call_is_answered(void **state)
{
    (void)state;
    service_kit_t *kit = service_kit_trained(&intent_spec, NULL);
    assert_int_equal(kit->open_err, ACT_E_OK);
    act_buf_t body;
    act_buf_init(&body, 65536);
    classify_request_pack(
        &(classify_request_t){.text = ACT_STR("c'est nul, annulez mon rendez-vous bande de cons"),
                              .language = ACT_STR("fr")},
        &body);
    const kit_message_t *message = service_kit_call(kit, "classify", &body);
    act_buf_fini(&body);
    classify_reply_t reply;
    assert_int_equal(classify_reply_unpack(message->body, message->frame, &reply, NULL), ACT_E_OK);
    assert_true(act_str_is(reply.intent, "cancel_appointment"));
    assert_true(reply.confidence > 0.5);
    assert_true(act_str_is(reply.sentiment, "negative"));
    assert_int_equal(reply.risk.count, 1);
    assert_true(act_str_is(reply.risk.items[0], "abuse"));
    assert_int_equal(reply.scores.count, (int)INTENTS_COUNT);
    assert_true(act_str_eq(reply.scores.items[0].intent, reply.intent));
    assert_true(reply.scores.items[0].confidence >= reply.scores.items[10].confidence);
    service_kit_destroy(&kit);
    service_kit_destroy(&kit); // twice is allowed
}

static void a_missing_model_ends_the_start(void **state)
{
    (void)state;
    const char *const overrides[] = {"model_file=/nowhere/intent.model", NULL};
    service_kit_t *kit = service_kit_new(&intent_spec, overrides);
    assert_int_equal(kit->open_err, ACT_E_CONFIG);
    service_kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_answered),
        cmocka_unit_test(a_missing_model_ends_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
