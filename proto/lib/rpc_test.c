// rpc_test: generated services against a runtime of stubs that notes what it was asked.
#include "proto/lib/rpc.h"

#include "proto/persistence_service.h"
#include "proto/services.h"
#include "proto/session_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

// --- a runtime of stubs --------------------------------------------------------------------------

struct act_actor {
    const char *service;
    const act_method_t *method;
    act_buf_t body;
    act_reply_fn *trampoline;
    act_fn_t *fn;
    void *context;
};

struct act_call {
    act_arena_t *arena;
    act_buf_t reply;
    act_err_t err;
    const char *text;
    bool is_ended;
};

act_arena_t *act_call_arena(act_call_t *self)
{
    return self->arena;
}

void act_call_reply(act_call_t **self_p, const act_buf_t *body)
{
    act_call_t *self = act_take(self_p);
    self->is_ended = true;
    act_buf_add_str(&self->reply, act_buf_str(body));
}

void act_call_fail(act_call_t **self_p, act_err_t err, const char *text)
{
    act_call_t *self = act_take(self_p);
    self->is_ended = true;
    self->err = err;
    self->text = text;
}

static void note(act_actor_t *self, const char *service, const act_method_t *method,
                 const act_buf_t *body)
{
    self->service = service;
    self->method = method;
    act_buf_reset(&self->body);
    act_buf_add_str(&self->body, act_buf_str(body));
    self->body.is_overflowed = body->is_overflowed;
}

uint64_t act_actor_call(act_actor_t *self, const char *service, const act_method_t *method,
                        const act_call_opts_t *opts, const act_buf_t *body,
                        act_reply_fn *trampoline, act_fn_t *fn, void *context)
{
    (void)opts;
    note(self, service, method, body);
    self->trampoline = trampoline;
    self->fn = fn;
    self->context = context;
    return 42;
}

void act_actor_cast(act_actor_t *self, const char *service, const act_method_t *method,
                    const act_call_opts_t *opts, const act_buf_t *body)
{
    (void)opts;
    note(self, service, method, body);
}

typedef struct {
    act_actor_t actor;
    act_call_t call;
    act_arena_t *arena;
} fixture_t;

static int setup(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->arena = act_arena_new();
    self->call.arena = self->arena;
    act_buf_init(&self->call.reply, 4096);
    act_buf_init(&self->actor.body, 4096);
    *state = self;
    return 0;
}

static int teardown(void **state)
{
    fixture_t *self = *state;
    act_arena_destroy(&self->arena);
    act_buf_fini(&self->call.reply);
    act_buf_fini(&self->actor.body);
    act_free(self);
    return 0;
}

// --- serving -------------------------------------------------------------------------------------

static void on_wake(void *self, act_call_t *call, const wake_request_t *request)
{
    *(act_str_t *)self = request->conversation_id;
    act_call_reply(&call, &(act_buf_t){0});
}

static void on_understand(void *self, act_call_t *call, const understand_request_t *request)
{
    *(act_str_t *)self = request->text;
    session_understand_reply(&call, &(understand_reply_t){.language = ACT_STR("fr")});
}

static void on_replay(void *self, act_call_t *call, const replay_request_t *request)
{
    (void)self;
    (void)request;
    act_call_fail(&call, ACT_E_NOT_FOUND, "not in this test");
}

static const session_server_t server = {
    .wake = on_wake, .understand = on_understand, .replay = on_replay};

static void a_request_reaches_its_function(void **state)
{
    fixture_t *self = *state;
    act_str_t seen = {0};
    const act_method_t *method = &session_service.methods[SESSION_UNDERSTAND];
    method->dispatch(&server, &seen, &self->call, ACT_STR("\x81\xa4text\xa2hi"));
    assert_true(act_str_is(seen, "hi"));
    understand_reply_t reply;
    act_str_t body = act_buf_str(&self->call.reply);
    assert_int_equal(understand_reply_unpack(body, self->arena, &reply, NULL), ACT_E_OK);
    assert_true(act_str_is(reply.language, "fr"));
}

static void a_bad_request_is_answered(void **state)
{
    fixture_t *self = *state;
    act_str_t seen = {0};
    session_service.methods[SESSION_WAKE].dispatch(&server, &seen, &self->call, ACT_STR("\x80"));
    assert_null(seen.ptr);
    assert_int_equal(self->call.err, ACT_E_MALFORMED);
    assert_string_equal(self->call.text, "wake_request.conversation_id");
}

static void a_reply_over_the_limit_is_too_large(void **state)
{
    fixture_t *self = *state;
    static const char big[ACT_BUF_DEFAULT_MAX_BYTES];
    act_call_t *call = &self->call;
    session_understand_reply(&call, &(understand_reply_t){.text = act_str_of(big, sizeof big)});
    assert_null(call);
    assert_int_equal(self->call.err, ACT_E_TOO_LARGE);
}

static void a_missing_function_is_named(void **state)
{
    (void)state;
    assert_null(session_service.unset(&server));
    assert_string_equal(session_service.unset(&(session_server_t){.wake = on_wake}), "understand");
    assert_string_equal(persistence_service.unset(&(persistence_server_t){0}),
                        "list_channel_accounts");
}

// --- calling -------------------------------------------------------------------------------------

typedef struct {
    act_err_t err;
    act_str_t text;
    act_str_t language;
    int times;
} answer_t;

static void on_understood(void *context, const act_reply_t *reply, const understand_reply_t *body)
{
    answer_t *answer = context;
    *answer = (answer_t){.err = reply->err, .text = reply->text, .times = answer->times + 1};
    assert_int_equal(!body, reply->err != ACT_E_OK);
    if (body)
        answer->language = body->language;
}

static answer_t answer_with(fixture_t *self, act_err_t err, act_str_t body)
{
    answer_t answer = {0};
    uint64_t id =
        session_understand(&self->actor, &(act_call_opts_t){.budget_ms = 100},
                           &(understand_request_t){.text = ACT_STR("hi")}, on_understood, &answer);
    assert_int_equal(id, 42);
    assert_string_equal(self->actor.service, "session");
    assert_string_equal(self->actor.method->name, "understand");
    assert_true(act_str_is(act_buf_str(&self->actor.body), "\x81\xa4text\xa2hi"));
    assert_int_equal(answer.times, 0);
    const act_reply_t reply = {.err = err, .body = body, .text = ACT_STR("why")};
    self->actor.trampoline(&reply, self->arena, self->actor.fn, self->actor.context);
    assert_int_equal(answer.times, 1);
    return answer;
}

static void a_reply_is_decoded(void **state)
{
    answer_t answer = answer_with(*state, ACT_E_OK,
                                  ACT_STR("\x81\xa8language\xa2"
                                          "de"));
    assert_int_equal(answer.err, ACT_E_OK);
    assert_true(act_str_is(answer.language, "de"));
}

static void a_bad_reply_becomes_malformed(void **state)
{
    answer_t answer = answer_with(*state, ACT_E_OK, ACT_STR("\x81\xa8language\x01"));
    assert_int_equal(answer.err, ACT_E_MALFORMED);
    assert_true(act_str_is(answer.text, "understand_reply.language"));
}

static void an_error_has_no_body(void **state)
{
    answer_t answer = answer_with(*state, ACT_E_DEADLINE, (act_str_t){0});
    assert_int_equal(answer.err, ACT_E_DEADLINE);
    assert_true(act_str_is(answer.text, "why"));
}

static void a_cast_is_cast(void **state)
{
    fixture_t *self = *state;
    session_wake(&self->actor, NULL, &(wake_request_t){.conversation_id = ACT_STR("c")});
    assert_ptr_equal(self->actor.method, &session_service.methods[SESSION_WAKE]);
    assert_true(self->actor.method->is_cast);
    assert_null(self->actor.trampoline);
    assert_true(act_str_is(act_buf_str(&self->actor.body), "\x81\xaf"
                                                           "conversation_id\xa1"
                                                           "c"));
}

static void tables_say_what_the_model_says(void **state)
{
    (void)state;
    const act_method_t *claim = &persistence_service.methods[PERSISTENCE_CLAIM_OUTBOX];
    const act_method_t *begin = &persistence_service.methods[PERSISTENCE_TURN_BEGIN];
    assert_string_equal(begin->name, "turn_begin");
    assert_int_equal(begin->flags, ACT_FLAG_RETRY_SAFE);
    assert_int_equal(claim->flags, ACT_FLAG_POLL);
    assert_ptr_equal(begin->reply, &turn_begin_reply_model);
    for (size_t i = 0; i < PARLEY_SERVICES_COUNT; i++)
        for (uint32_t j = 0; j < parley_services[i]->methods_count; j++)
            assert_non_null(parley_services[i]->methods[j].check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_reaches_its_function, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bad_request_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reply_over_the_limit_is_too_large, setup, teardown),
        cmocka_unit_test(a_missing_function_is_named),
        cmocka_unit_test_setup_teardown(a_reply_is_decoded, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bad_reply_becomes_malformed, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_has_no_body, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cast_is_cast, setup, teardown),
        cmocka_unit_test(tables_say_what_the_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
