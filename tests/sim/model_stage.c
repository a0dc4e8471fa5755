// model_stage: two loops, turned one after the other.
#include "sim/model_stage.h"

#include "base/seal.h"
#include "proto/persistence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

void model_stage_open_at(model_stage_t *self, const char *path, const char *more_settings)
{
    char base[96], key[96], more[128];
    char base_url[64] = "http://127.0.0.1:1";
    *self = (model_stage_t){.last_id = 100};
    (void)snprintf(self->key_path, sizeof self->key_path, "/tmp/model-test-%d.key", (int)getpid());
    (void)unlink(self->key_path);
    assert_int_equal(act_seal_key_create(self->key_path), ACT_E_OK);
    // The simulator's port must be known before the actor opens: a loop of its own, turned with the kit's.
    self->loop = act_loop_new();
    assert_int_equal(model_sim_new(self->loop, "127.0.0.1", 0, &self->sim), ACT_E_OK);
    (void)snprintf(base_url, sizeof base_url, "http://127.0.0.1:%u%s", model_sim_port(self->sim),
                   path);
    (void)snprintf(base, sizeof base, "openai_base_url=%s", base_url);
    (void)snprintf(key, sizeof key, "master_key_file=%s", self->key_path);
    (void)snprintf(more, sizeof more, "%s", more_settings ? more_settings : "cache_s=600");
    const char *const overrides[] = {
        base, key, "openai_model=test-model", "openai_api_key=k", "allow_private_addresses=true",
        more, NULL};
    self->kit = service_kit_new(&gateway_spec, overrides);
    assert_int_equal(self->kit->open_err, ACT_E_OK);
}

void model_stage_open(model_stage_t *self, const char *more_settings)
{
    model_stage_open_at(self, "/v1", more_settings);
}

void model_stage_turn(model_stage_t *self)
{
    (void)uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
    actor_kit_send_kind(self->kit->kit, ACT_KIND_PING, 0); // turns its loop
    (void)actor_kit_expect(self->kit->kit, ACT_KIND_PONG);
}

void model_stage_close(model_stage_t *self)
{
    service_kit_destroy(&self->kit);
    model_sim_destroy(&self->sim);
    for (int i = 0; i < 8; i++)
        (void)uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
    act_loop_destroy(&self->loop);
    (void)unlink(self->key_path);
}

// --- calls ---------------------------------------------------------------------------------------

uint64_t model_stage_ask(model_stage_t *self, const model_question_t *question)
{
    const chat_message_t message = {.role = ACT_STR("user"), .text = act_str(question->text)};
    const chat_request_t request = {.role = act_str(question->role ? question->role : "agent"),
                                    .conversation_id = act_str(question->conversation),
                                    .messages = {.items = &message, .count = 1}};
    const act_header_t header = {.kind = ACT_KIND_CALL,
                                 .class_ = ACT_CLASS_INTERACTIVE,
                                 .id = ++self->last_id,
                                 .service = ACT_STR("model"),
                                 .method = ACT_STR("chat"),
                                 .tenant = ACT_STR("demo"),
                                 .sender = ACT_STR("agent-1"),
                                 .budget_ms = question->budget_ms ? question->budget_ms : 60000,
                                 .credit_messages = question->parts,
                                 .attempt = 1};
    act_buf_t body;
    act_buf_init(&body, 65536);
    chat_request_pack(&request, &body);
    actor_kit_send(self->kit->kit, &header, act_buf_str(&body));
    act_buf_fini(&body);
    return self->last_id;
}

const kit_message_t *model_stage_heard(model_stage_t *self, act_kind_t kind, uint64_t id)
{
    for (kit_message_t *at = self->kit->kit->first; at; at = at->next)
        if (at->header.kind == kind && (id == 0 || at->header.id == id)) {
            at->header.kind = 0;
            return at;
        }
    return NULL;
}

const kit_message_t *model_stage_wait_end(model_stage_t *self, uint64_t id, act_err_t *ret_err)
{
    for (int i = 0; i < MODEL_STAGE_TURNS_MAX; i++) {
        const kit_message_t *reply = model_stage_heard(self, ACT_KIND_REPLY, id);
        const kit_message_t *error = reply ? NULL : model_stage_heard(self, ACT_KIND_ERROR, id);
        *ret_err = error ? act_err_from_number(error->header.err) : ACT_E_OK;
        if (reply || error)
            return reply ? reply : error;
        model_stage_turn(self);
    }
    fail_msg("no end of call %d came", (int)id);
    return NULL;
}

chat_reply_t model_stage_wait_reply(model_stage_t *self, uint64_t id)
{
    act_err_t err = ACT_E_OK;
    chat_reply_t reply;
    const kit_message_t *message = model_stage_wait_end(self, id, &err);
    assert_int_equal(err, ACT_E_OK);
    assert_int_equal(chat_reply_unpack(message->body, message->frame, &reply, NULL), ACT_E_OK);
    return reply;
}

void model_stage_wait_requests(model_stage_t *self, uint32_t count)
{
    for (int i = 0; i < MODEL_STAGE_TURNS_MAX && model_sim_counts(self->sim).requests_count < count;
         i++)
        model_stage_turn(self);
    assert_int_equal(model_sim_counts(self->sim).requests_count, count);
}

// --- persistence, played by the test -------------------------------------------------------------

const kit_message_t *model_stage_wait_call(model_stage_t *self, const char *method)
{
    for (int i = 0; i < MODEL_STAGE_TURNS_MAX; i++) {
        for (kit_message_t *at = self->kit->kit->first; at; at = at->next)
            if (at->header.kind == ACT_KIND_CALL && act_str_is(at->header.method, method)) {
                at->header.kind = 0;
                return at;
            }
        model_stage_turn(self);
    }
    fail_msg("no call of %s came", method);
    return NULL;
}

void model_stage_answer(model_stage_t *self, const kit_message_t *call, const act_buf_t *body)
{
    const act_header_t header = {.kind = ACT_KIND_REPLY, .id = call->header.id};
    actor_kit_send(self->kit->kit, &header, act_buf_str(body));
    model_stage_turn(self);
}

void model_stage_give_routes(model_stage_t *self, int64_t day_micro_usd)
{
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", model_sim_port(self->sim));
    const model_route_t routes[] = {
        {.tenant = ACT_STR("demo"),
         .role = ACT_STR("agent"),
         .position = 1,
         .provider_id = ACT_STR("first"),
         .dialect = ACT_STR("anthropic"),
         .base_url = act_str(url),
         .model = ACT_STR("claude-haiku-5-5"),
         .day_micro_usd = day_micro_usd},
        {.tenant = ACT_STR("demo"),
         .role = ACT_STR("agent"),
         .position = 2,
         .provider_id = ACT_STR("second"),
         .dialect = ACT_STR("gemini"),
         .base_url = act_str(url),
         .model = ACT_STR("gemini-3.8-flash"),
         .day_micro_usd = day_micro_usd},
    };
    list_model_routes_reply_t reply = {.routes = {.items = routes, .count = 2}};
    act_buf_t body;
    act_buf_init(&body, 65536);
    list_model_routes_reply_pack(&reply, &body);
    model_stage_answer(self, model_stage_wait_call(self, "list_model_routes"), &body);
    act_buf_fini(&body);
}
