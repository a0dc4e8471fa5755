// model_talk: a service that asks a model on behalf of a turn, with the test in the place of the model and of
// persistence (turn/paid.h).
#pragma once
#include "harness/service_kit.h"
#include "proto/model.h"

// A call of tenant "demo", id 7, with 5 seconds; an attempt after the first: another instance had it before.
void model_talk_call(actor_kit_t *kit, const char *service, const char *method,
                     const act_model_t *model, const void *request, uint8_t attempt);
// The reply to it.
void model_talk_reply(actor_kit_t *kit, const act_model_t *model, void *ret_reply);

// The oldest call that the service made; it must be of this method.
const kit_message_t *model_talk_expect(actor_kit_t *kit, const char *method);
void model_talk_answer(actor_kit_t *kit, const kit_message_t *asked, const act_model_t *model,
                       const void *reply);
void model_talk_refuse(actor_kit_t *kit, const kit_message_t *asked, act_err_t err);

// It asks which models there are: the role has one of this dialect.
void model_talk_tell_models(actor_kit_t *kit, const char *role, const char *dialect);
// It asks the model, and is told this; then it commits what it paid for. Returns what it asked.
chat_request_t model_talk_say(actor_kit_t *kit, const char *text);
