// intent_test: the actor on the wire: a call, its reply, and settings it cannot work with.
#include "intent.h"

#include "actor/send.h"
#include "harness/actor_kit.h"
#include "model_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
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

static void open_with(fixture_t *fixture, const char *model_path)
{
    char override[512];
    snprintf(override, sizeof override, "model_file=%s", model_path);
    const char *const overrides[] = {override, NULL};
    const act_config_row_t *const tables[] = {common_settings, intent_config, NULL};
    act_buf_t error;
    act_buf_init(&error, 1024);
    assert_int_equal(act_config_load(tables, overrides, &fixture->config, &error), ACT_E_OK);
    act_buf_fini(&error);
    fixture->actor_self = act_alloc(intent_size_bytes);
    fixture->spec =
        (act_spec_t){.name = "intent", .service = &intent_service, .server = &intent_methods};
    fixture->kit = actor_kit_new(&fixture->spec, fixture->actor_self);
    fixture->log = act_log_new(fixture->kit->folder, "intent", "intent-1", ACT_LOG_ERROR);
    act_actor_supervise(fixture->kit->actor, fixture->config, fixture->log);
    fixture->open_err = intent_open(fixture->actor_self, fixture->kit->actor);
}

static int set_up(void **state)
{
    *state = act_alloc(sizeof(fixture_t));
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *fixture = *state;
    intent_close(fixture->actor_self);
    actor_kit_destroy(&fixture->kit);
    act_log_destroy(&fixture->log);
    act_config_destroy(&fixture->config);
    act_free(fixture->actor_self);
    act_free(fixture);
    return 0;
}

static void ask(fixture_t *fixture, const classify_request_t *request, classify_reply_t *ret_reply)
{
    const act_header_t header = {.kind = ACT_KIND_CALL,
                                 .class_ = ACT_CLASS_INTERACTIVE,
                                 .id = 7,
                                 .service = ACT_STR("intent"),
                                 .method = ACT_STR("classify"),
                                 .sender = ACT_STR("asker-1"),
                                 .budget_ms = 5000,
                                 .attempt = 1};
    act_buf_t body;
    act_buf_init(&body, 65536);
    classify_request_pack(request, &body);
    actor_kit_send(fixture->kit, &header, act_buf_str(&body));
    act_buf_fini(&body);
    const kit_message_t *message = actor_kit_expect(fixture->kit, ACT_KIND_REPLY);
    assert_int_equal(message->header.id, 7);
    assert_int_equal(classify_reply_unpack(message->body, message->frame, ret_reply, NULL),
                     ACT_E_OK);
}

static void a_call_is_answered(void **state)
{
    classify_reply_t reply;
    fixture_t *fixture = *state;
    open_with(fixture, model_kit_path());
    assert_int_equal(fixture->open_err, ACT_E_OK);
    actor_kit_welcome(fixture->kit, 1);
    ask(fixture,
        &(classify_request_t){.text = ACT_STR("c'est nul, annulez mon rendez-vous bande de cons"),
                              .language = ACT_STR("fr")},
        &reply);
    assert_true(act_str_is(reply.intent, "cancel_appointment"));
    assert_true(reply.confidence > 0.5);
    assert_true(act_str_is(reply.sentiment, "negative"));
    assert_int_equal(reply.risk.count, 1);
    assert_true(act_str_is(reply.risk.items[0], "abuse"));
    assert_int_equal(reply.scores.count, 11);
    assert_true(act_str_eq(reply.scores.items[0].intent, reply.intent));
    assert_true(reply.scores.items[0].confidence >= reply.scores.items[10].confidence);
}

static void a_missing_model_ends_the_start(void **state)
{
    fixture_t *fixture = *state;
    open_with(fixture, "/nowhere/intent.model");
    assert_int_equal(fixture->open_err, ACT_E_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_model_ends_the_start, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
