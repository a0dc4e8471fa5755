// model_talk: frames out, frames in.
#include "harness/model_talk.h"

#include "proto/model_service.h"
#include "proto/persistence_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CALL_ID 7

static void send_body(actor_kit_t *kit, const act_header_t *header, const act_model_t *model,
                      const void *message)
{
    act_buf_t body;
    act_buf_init(&body, 1u << 20);
    act_model_pack(model, message, &body);
    actor_kit_send(kit, header, act_buf_str(&body));
    act_buf_fini(&body);
}

void model_talk_call(actor_kit_t *kit, const char *service, const char *method,
                     const act_model_t *model, const void *request, uint8_t attempt)
{
    const act_header_t header = {.kind = ACT_KIND_CALL,
                                 .class_ = ACT_CLASS_INTERACTIVE,
                                 .id = CALL_ID,
                                 .service = act_str(service),
                                 .method = act_str(method),
                                 .tenant = ACT_STR("demo"),
                                 .sender = ACT_STR("session-1"),
                                 .budget_ms = 5000,
                                 .attempt = attempt};
    send_body(kit, &header, model, request);
}

void model_talk_reply(actor_kit_t *kit, const act_model_t *model, void *ret_reply)
{
    const kit_message_t *message = actor_kit_expect(kit, ACT_KIND_REPLY);
    assert_int_equal(message->header.id, CALL_ID);
    assert_int_equal(act_model_unpack(model, message->body, message->frame, ret_reply, NULL),
                     ACT_E_OK);
}

const kit_message_t *model_talk_expect(actor_kit_t *kit, const char *method)
{
    const kit_message_t *asked = actor_kit_expect(kit, ACT_KIND_CALL);
    assert_true(act_str_is(asked->header.method, method));
    assert_true(act_str_is(asked->header.tenant, "demo"));
    return asked;
}

void model_talk_answer(actor_kit_t *kit, const kit_message_t *asked, const act_model_t *model,
                       const void *reply)
{
    const act_header_t header = {.kind = ACT_KIND_REPLY, .id = asked->header.id};
    send_body(kit, &header, model, reply);
}

void model_talk_refuse(actor_kit_t *kit, const kit_message_t *asked, act_err_t err)
{
    const act_header_t header = {.kind = ACT_KIND_ERROR, .id = asked->header.id, .err = err};
    send_body(kit, &header, &error_body_model, &(error_body_t){.text = ACT_STR("no")});
}

void model_talk_tell_models(actor_kit_t *kit, const char *role, const char *dialect)
{
    const model_route_view_t routes[] = {
        {.role = ACT_STR("agent"), .dialect = ACT_STR("anthropic")},
        {.role = act_str(role), .dialect = act_str(dialect)},
    };
    const list_models_reply_t reply = {.routes = {routes, ACT_COUNT(routes)}};
    model_talk_answer(kit, model_talk_expect(kit, "list_models"), &list_models_reply_model, &reply);
}

static void keep_step(actor_kit_t *kit)
{
    const kit_message_t *put = model_talk_expect(kit, "put_turn_step");
    put_turn_step_request_t step;
    assert_int_equal(put_turn_step_request_unpack(put->body, put->frame, &step, NULL), ACT_E_OK);
    const put_turn_step_reply_t kept = {.result = step.result};
    model_talk_answer(kit, put, &put_turn_step_reply_model, &kept);
}

chat_request_t model_talk_say(actor_kit_t *kit, const char *text)
{
    const kit_message_t *asked = model_talk_expect(kit, "chat");
    assert_false(act_str_empty(asked->header.idempotency_key));
    chat_request_t request;
    assert_int_equal(chat_request_unpack(asked->body, asked->frame, &request, NULL), ACT_E_OK);
    const chat_message_t message = {.role = ACT_STR("assistant"), .text = act_str(text)};
    const chat_reply_t said = {.message = &message,
                               .stop = ACT_STR("end"),
                               .provider = ACT_STR("main"),
                               .model = ACT_STR("small-1")};
    model_talk_answer(kit, asked, &chat_reply_model, &said);
    keep_step(kit);
    return request;
}
