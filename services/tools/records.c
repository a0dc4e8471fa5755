// records: JSON in, the method's request out; its reply in, JSON out.
#include "records.h"

#include "base/mem.h"
#include "base/model_json.h"
#include "io/json.h"
#include "proto/persistence_service.h"

#include <string.h>

static const act_method_t *method_of(const char *rpc)
{
    for (uint32_t i = 0; i < persistence_service.methods_count; i++)
        if (strcmp(persistence_service.methods[i].name, rpc) == 0)
            return &persistence_service.methods[i];
    return NULL;
}

bool records_has(const char *rpc)
{
    return method_of(rpc) != NULL;
}

// What the runtime knows and the model may not say.
static void put_known(json_t *fields, const act_model_t *model, const char *name, act_str_t value)
{
    if (act_model_field(model, act_str(name)))
        json_object_set_new(fields, name,
                            json_stringn(value.ptr ? value.ptr : "", value.len_bytes));
}

static void make_body(const act_tool_call_t *call, const act_method_t *method, act_buf_t *out)
{
    json_t *fields = json_copy(call->arguments);
    put_known(fields, method->request, "contact_id", call->request->contact_id);
    put_known(fields, method->request, "conversation_id", call->request->conversation_id);
    put_known(fields, method->request, "idempotency_key", call->request->step_key);
    put_known(fields, method->request, "language", call->request->language);
    put_known(fields, method->request, "turn_id", call->request->turn_id);
    // The caller keeps the answer under the step key itself.
    if (!act_str_empty(call->request->turn_id))
        put_known(fields, method->request, "step_key",
                  act_arena_printf(act_call_arena(call->call), "%" ACT_STR_FMT "/effect",
                                   ACT_STR_ARG(call->request->step_key)));
    act_json_to_mp(fields, out);
    json_decref(fields);
}

static void give_back(act_tool_call_t **call_p, act_str_t body)
{
    const act_model_t *model = method_of((*call_p)->card->rpc)->reply;
    const void *reply =
        act_model_decode(model, body, act_call_arena((*call_p)->call), /* ret_field= */ NULL);
    act_buf_t text;
    act_buf_init(&text, ACT_BUF_DEFAULT_MAX_BYTES);
    json_t *result = NULL;
    if (reply)
        act_model_to_json(model, reply, &text); // with what is 0, false or empty
    bool is_good = reply && act_json_parse(act_buf_str(&text), &result, NULL, NULL) == ACT_E_OK;
    act_buf_fini(&text);
    if (!is_good) {
        tool_call_break(call_p, ACT_E_MALFORMED, ACT_STR("the answer of persistence"));
        return;
    }
    if ((*call_p)->card->effects != ACT_TOOL_READ)
        (*call_p)->receipt = json_incref(result); // it says what was committed
    tool_call_end(call_p, result);
}

// What the caller can do something about; everything else is a failure of ours.
static bool is_answer(act_err_t err)
{
    return err == ACT_E_NOT_FOUND || err == ACT_E_CONFLICT || err == ACT_E_INVALID_ARGUMENT ||
           err == ACT_E_PROJECT_NOT_FOUND || err == ACT_E_TASK_NOT_FOUND ||
           err == ACT_E_DOCUMENT_NOT_FOUND || err == ACT_E_INCIDENT_INVALID ||
           err == ACT_E_NOT_CONFIGURED;
}

static void on_reply(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    act_tool_call_t *call = context;
    if (reply->err == ACT_E_OK)
        give_back(&call, reply->body);
    else if (is_answer(reply->err))
        tool_call_fail(&call, act_str(act_err_text(reply->err)));
    else
        tool_call_break(&call, reply->err, reply->text);
}

void records_run(act_actor_t *actor, act_tool_call_t *call)
{
    const act_method_t *method = method_of(call->card->rpc);
    if (!method) {
        tool_call_break(&call, ACT_E_NOT_CONFIGURED, ACT_STR("persistence has no such method"));
        return;
    }
    if (call->request->is_dry_run && call->card->effects != ACT_TOOL_READ) {
        tool_call_fail(&call, ACT_STR("This was a trial; nothing was changed."));
        return;
    }
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    make_body(call, method, &body);
    const act_call_opts_t opts = {.parent = call->call,
                                  .idempotency_key = call->card->effects == ACT_TOOL_READ
                                                         ? act_str("")
                                                         : call->request->step_key};
    act_actor_call(actor, "persistence", method, &opts, &body, on_reply, NULL, call);
    act_buf_fini(&body);
}
