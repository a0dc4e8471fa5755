// rpc: what the generated services share: decode a request or refuse it, pack a reply, pack and
// send a call. Only generated code includes this.
#pragma once
#include "actor/actor.h"
#include "base/model.h"

// Where a reply goes: trampoline is generated, fn and context are the caller's.
typedef struct {
    act_reply_fn *trampoline;
    act_fn_t *fn;
    void *context;
} act_rpc_done_t;

// The decoded request, in the call's arena; NULL when it was malformed: then the call was answered
// with MALFORMED and the field's name, and is gone.
const void *act_rpc_request(act_call_t **call_p, const act_model_t *model, act_str_t body);

// Ends the call with a reply; with TOO_LARGE when the reply passes the limit of a body.
void act_rpc_reply(act_call_t **call_p, const act_model_t *model, const void *reply);

// A request over the limit of a body goes to the actor as an overflowed buffer, which it answers
// with TOO_LARGE.
uint64_t act_rpc_call(act_actor_t *actor, const act_service_t *service, uint32_t method_index,
                      const act_call_opts_t *opts, const void *request, const act_rpc_done_t *done);
void act_rpc_cast(act_actor_t *actor, const act_service_t *service, uint32_t method_index,
                  const act_call_opts_t *opts, const void *request);

// The decoded body of a reply; NULL when the reply is an error, or becomes one (MALFORMED) because
// its body does not decode.
const void *act_rpc_body(act_reply_t *reply, act_arena_t *arena, const act_model_t *model);

// The first method of the service that has no function in its server struct, or NULL.
const char *act_rpc_unset(const act_service_t *service, const void *server);
