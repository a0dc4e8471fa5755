// rpc: the common part of generated services.
#include "proto/lib/rpc.h"

#include <string.h>

const void *act_rpc_request(act_call_t **call_p, const act_model_t *model, act_str_t body)
{
    const char *field = NULL;
    const void *request = act_model_decode(model, body, act_call_arena(*call_p), &field);
    if (!request)
        act_call_fail(call_p, ACT_E_MALFORMED, field);
    return request;
}

void act_rpc_reply(act_call_t **call_p, const act_model_t *model, const void *reply)
{
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_pack(model, reply, &body);
    if (body.is_overflowed)
        act_call_fail(call_p, ACT_E_TOO_LARGE, model->name);
    else
        act_call_reply(call_p, &body);
    act_buf_fini(&body);
}

uint64_t act_rpc_call(act_actor_t *actor, const act_service_t *service, uint32_t method_index,
                      const act_call_opts_t *opts, const void *request, const act_rpc_done_t *done)
{
    const act_method_t *method = &service->methods[method_index];
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_pack(method->request, request, &body);
    uint64_t call_id = act_actor_call(actor, service->name, method, opts, &body, done->trampoline,
                                      done->fn, done->context);
    act_buf_fini(&body);
    return call_id;
}

void act_rpc_cast(act_actor_t *actor, const act_service_t *service, uint32_t method_index,
                  const act_call_opts_t *opts, const void *request)
{
    const act_method_t *method = &service->methods[method_index];
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_pack(method->request, request, &body);
    act_actor_cast(actor, service->name, method, opts, &body);
    act_buf_fini(&body);
}

const void *act_rpc_body(act_reply_t *reply, act_arena_t *arena, const act_model_t *model)
{
    if (reply->err != ACT_E_OK)
        return NULL;
    const char *field = NULL;
    const void *body = act_model_decode(model, reply->body, arena, &field);
    if (!body) {
        reply->err = ACT_E_MALFORMED;
        reply->text = act_str(field);
    }
    return body;
}

// A server struct holds nothing but function pointers, one a method (asserted where it is made).
const char *act_rpc_unset(const act_service_t *service, const void *server)
{
    for (uint32_t i = 0; i < service->methods_count; i++) {
        act_fn_t *fn = NULL;
        memcpy(&fn, (const char *)server + i * sizeof fn, sizeof fn);
        if (!fn)
            return service->methods[i].name;
    }
    return NULL;
}
