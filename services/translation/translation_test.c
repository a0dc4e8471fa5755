// translation_test: the actor on the wire: calls, their replies, and settings it cannot work with.
#include "translation.h"

#include "actor/send.h"
#include "harness/actor_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const act_config_row_t common_settings[] = {
    {"slow_handler_ms", NULL, ACT_CONFIG_INT, "20", 1, 60000, "20", "", false},
    {"orphan_ms", NULL, ACT_CONFIG_INT, "30000", 1000, 3600000, "30000", "", false},
    {"drain_ms", NULL, ACT_CONFIG_INT, "8000", 0, 600000, "8000", "", false},
    {0},
};

typedef struct {
    actor_kit_t *kit;
    act_spec_t spec;
    void *actor_self;
    act_config_t *config;
    act_log_t *log;
    act_err_t open_err;
} fixture_t;

// extra: a setting more, or NULL.
static void open_with(fixture_t *fixture, const char *extra)
{
    char model[512];
    snprintf(model, sizeof model, "model_file=%s", getenv("PARLEY_TEST_MODEL"));
    const char *const overrides[] = {model, extra, NULL};
    const act_config_row_t *const tables[] = {common_settings, translation_config, NULL};
    act_buf_t error;
    act_buf_init(&error, 1024);
    assert_int_equal(act_config_load(tables, overrides, &fixture->config, &error), ACT_E_OK);
    act_buf_fini(&error);
    fixture->actor_self = act_alloc(translation_size_bytes);
    fixture->spec = (act_spec_t){
        .name = "translation", .service = &translation_service, .server = &translation_methods};
    fixture->kit = actor_kit_new(&fixture->spec, fixture->actor_self);
    fixture->log = act_log_new(fixture->kit->folder, "translation", "t-1", ACT_LOG_ERROR);
    act_actor_supervise(fixture->kit->actor, fixture->config, fixture->log);
    fixture->open_err = translation_open(fixture->actor_self, fixture->kit->actor);
}

static int set_up(void **state)
{
    *state = act_alloc(sizeof(fixture_t));
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *fixture = *state;
    translation_close(fixture->actor_self);
    actor_kit_destroy(&fixture->kit);
    act_log_destroy(&fixture->log);
    act_config_destroy(&fixture->config);
    act_free(fixture->actor_self);
    act_free(fixture);
    return 0;
}

static const kit_message_t *ask(fixture_t *fixture, const char *method, const act_buf_t *body)
{
    const act_header_t header = {.kind = ACT_KIND_CALL,
                                 .class_ = ACT_CLASS_INTERACTIVE,
                                 .id = 7,
                                 .service = ACT_STR("translation"),
                                 .method = act_str(method),
                                 .sender = ACT_STR("asker-1"),
                                 .budget_ms = 5000,
                                 .attempt = 1};
    actor_kit_send(fixture->kit, &header, act_buf_str(body));
    return actor_kit_expect(fixture->kit, ACT_KIND_REPLY);
}

static void detect_is_answered(void **state)
{
    fixture_t *fixture = *state;
    act_buf_t body;
    detect_reply_t reply;
    act_buf_init(&body, 4096);
    open_with(fixture, "default_language=pl");
    assert_int_equal(fixture->open_err, ACT_E_OK);
    actor_kit_welcome(fixture->kit, 1);

    detect_request_pack(&(detect_request_t){.text = ACT_STR("où êtes-vous situés ?")}, &body);
    const kit_message_t *message = ask(fixture, "detect", &body);
    assert_int_equal(detect_reply_unpack(message->body, message->frame, &reply, NULL), ACT_E_OK);
    assert_true(act_str_is(reply.language, "fr"));
    assert_true(reply.confidence > 0.9);

    act_buf_reset(&body);
    detect_request_pack(&(detect_request_t){.text = ACT_STR("42"), .prior_language = ACT_STR("ro")},
                        &body);
    message = ask(fixture, "detect", &body);
    assert_int_equal(detect_reply_unpack(message->body, message->frame, &reply, NULL), ACT_E_OK);
    assert_true(act_str_is(reply.language, "ro"));
    assert_true(reply.confidence == 0);

    act_buf_reset(&body);
    detect_request_pack(&(detect_request_t){.text = ACT_STR("42")}, &body);
    message = ask(fixture, "detect", &body);
    assert_int_equal(detect_reply_unpack(message->body, message->frame, &reply, NULL), ACT_E_OK);
    assert_true(act_str_is(reply.language, "pl"));
    act_buf_fini(&body);
}

static void translate_passes_through(void **state)
{
    fixture_t *fixture = *state;
    act_buf_t body;
    translate_reply_t reply;
    act_buf_init(&body, 4096);
    open_with(fixture, NULL);
    actor_kit_welcome(fixture->kit, 1);
    translate_request_pack(&(translate_request_t){.text = ACT_STR("ça va ?"),
                                                  .from = ACT_STR("fr"),
                                                  .to = ACT_STR("en")},
                           &body);
    const kit_message_t *message = ask(fixture, "translate", &body);
    assert_int_equal(translate_reply_unpack(message->body, message->frame, &reply, NULL), ACT_E_OK);
    assert_true(act_str_is(reply.text, "ça va ?"));
    assert_false(reply.was_translated);
    act_buf_fini(&body);
}

static void a_default_language_that_is_none_ends_the_start(void **state)
{
    fixture_t *fixture = *state;
    open_with(fixture, "default_language=klingon");
    assert_int_equal(fixture->open_err, ACT_E_CONFIG);
}

static void an_unknown_translator_ends_the_start(void **state)
{
    fixture_t *fixture = *state;
    open_with(fixture, "translator=babelfish");
    assert_int_equal(fixture->open_err, ACT_E_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(detect_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(translate_passes_through, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_default_language_that_is_none_ends_the_start, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_translator_ends_the_start, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
