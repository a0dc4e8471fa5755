// translation_test: the actor on the wire: calls, their replies, and settings it cannot work with.
#include "translation.h"

#include "harness/service_kit.h"
#include "proto/translation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static detect_reply_t detect(service_kit_t *kit, const detect_request_t *request)
{
    act_buf_t body;
    act_buf_init(&body, 4096);
    detect_request_pack(request, &body);
    const kit_message_t *message = service_kit_call(kit, "detect", &body);
    act_buf_fini(&body);
    detect_reply_t reply;
    assert_int_equal(detect_reply_unpack(message->body, message->frame, &reply, NULL), ACT_E_OK);
    return reply;
}

static void detect_is_answered(void **state)
{
    (void)state;
    service_kit_t *kit = service_kit_trained(&translation_spec, "default_language=pl");
    assert_int_equal(kit->open_err, ACT_E_OK);

    detect_reply_t reply =
        detect(kit, &(detect_request_t){.text = ACT_STR("où êtes-vous situés ?")});
    assert_true(act_str_is(reply.language, "fr"));
    assert_true(reply.confidence > 0.9);

    reply =
        detect(kit, &(detect_request_t){.text = ACT_STR("42"), .prior_language = ACT_STR("ro")});
    assert_true(act_str_is(reply.language, "ro"));
    assert_true(reply.confidence == 0);

    reply = detect(kit, &(detect_request_t){.text = ACT_STR("42")});
    assert_true(act_str_is(reply.language, "pl"));
    service_kit_destroy(&kit);
}

static void translate_passes_through(void **state)
{
    (void)state;
    service_kit_t *kit = service_kit_trained(&translation_spec, NULL);
    act_buf_t body;
    translate_reply_t reply;
    act_buf_init(&body, 4096);
    translate_request_pack(&(translate_request_t){.text = ACT_STR("ça va ?"),
                                                  .from = ACT_STR("fr"),
                                                  .to = ACT_STR("en")},
                           &body);
    const kit_message_t *message = service_kit_call(kit, "translate", &body);
    act_buf_fini(&body);
    assert_int_equal(translate_reply_unpack(message->body, message->frame, &reply, NULL), ACT_E_OK);
    assert_true(act_str_is(reply.text, "ça va ?"));
    assert_false(reply.was_translated);
    service_kit_destroy(&kit);
}

static void assert_no_start_with(const char *setting)
{
    service_kit_t *kit = service_kit_trained(&translation_spec, setting);
    assert_int_equal(kit->open_err, ACT_E_CONFIG);
    service_kit_destroy(&kit);
}

static void a_default_language_that_is_none_ends_the_start(void **state)
{
    (void)state;
    assert_no_start_with("default_language=klingon");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detect_is_answered),
        cmocka_unit_test(translate_passes_through),
        cmocka_unit_test(a_default_language_that_is_none_ends_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
