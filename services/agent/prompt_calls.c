// prompt_calls: one question to persistence a call.
#include "prompt_calls.h"

#include "prompts.h"
#include "proto/agent_service.h"
#include "proto/persistence_service.h"

// Of ListPromptViewsReply.
#define VIEWS_MAX_COUNT 32

// --- list ----------------------------------------------------------------------------------------

static void on_prompts(void *context, const act_reply_t *reply, const list_prompts_reply_t *own)
{
    act_call_t *call = context;
    if (reply->err != ACT_E_OK) {
        act_call_fail(&call, reply->err, "persistence.list_prompts failed");
        return;
    }
    prompt_view_t views[VIEWS_MAX_COUNT];
    uint32_t count = 0;
    for (const prompt_t *prompt = prompts_built_in; prompt->name && count < VIEWS_MAX_COUNT;
         prompt++) {
        prompt_view_t *view = &views[count++];
        *view = (prompt_view_t){.name = act_str(prompt->name)};
        view->text = prompts_choose(own, prompt->name, act_call_arena(call), &view->version);
        view->is_own = act_str_starts_with(view->version, "own-");
    }
    agent_list_prompt_views_reply(&call, &(list_prompt_views_reply_t){.prompts = {views, count}});
}

void prompt_calls_list(void *context, act_call_t *call, const empty_t *request)
{
    agent_t *agent = context;
    const act_call_opts_t opts = {.parent = call};
    persistence_list_prompts(agent->actor, &opts, request, on_prompts, call);
}

// --- set -----------------------------------------------------------------------------------------

static void on_put(void *context, const act_reply_t *reply, const empty_t *body)
{
    act_call_t *call = context;
    (void)body;
    if (reply->err == ACT_E_OK)
        agent_set_prompt_reply(&call, &(empty_t){0});
    else
        act_call_fail(&call, reply->err, "persistence.put_prompt failed");
}

void prompt_calls_set(void *context, act_call_t *call, const set_prompt_request_t *request)
{
    agent_t *agent = context;
    act_arena_t *arena = act_call_arena(call);
    act_str_t bad;
    if (!prompts_find(request->name)) {
        act_call_fail(&call, ACT_E_NOT_FOUND, "there is no such prompt");
        return;
    }
    if (!prompts_check(request->text, &bad)) {
        act_str_t why =
            act_arena_printf(arena, "not a placeholder: '%" ACT_STR_FMT "'", ACT_STR_ARG(bad));
        act_call_fail(&call, ACT_E_INVALID_ARGUMENT, why.ptr);
        return;
    }
    const put_prompt_request_t put = {.name = request->name, .text = request->text};
    const act_call_opts_t opts = {.parent = call};
    persistence_put_prompt(agent->actor, &opts, &put, on_put, call);
}
