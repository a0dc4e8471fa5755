// provider: the table, and what the writers of requests share.
#include "provider.h"

#include "wire.h"

#include <string.h>

// Room for reasoning, which counts as output, beside the answer that was asked for.
#define REASONING_TOKENS 4096

static const provider_t *const providers[] = {
    &provider_anthropic, &provider_openai,  &provider_openai_compatible,
    &provider_gemini,    &provider_builtin,
};

const provider_t *provider_find(act_str_t name)
{
    for (size_t i = 0; i < ACT_COUNT(providers); i++)
        if (act_str_is(name, providers[i]->name))
            return providers[i];
    return NULL;
}

// --- targets -------------------------------------------------------------------------------------

bool target_can(const target_t *target, uint32_t cap)
{
    return (target->caps.flags & cap) != 0;
}

act_str_t target_effort(const target_t *target, const chat_request_t *request)
{
    static const char *const known[] = {"none", "low", "medium", "high"};
    bool has_tools = request->tools.count > 0;
    if (!target_can(target, CAP_EFFORT) ||
        (has_tools && !target_can(target, CAP_EFFORT_WITH_TOOLS)))
        return ACT_STR("");
    for (size_t i = 0; i < ACT_COUNT(known); i++)
        if (act_str_is(request->effort, known[i]))
            return request->effort;
    return ACT_STR("");
}

int64_t target_max_tokens(const target_t *target, const chat_request_t *request)
{
    int64_t most = target->caps.max_output_tokens;
    int64_t wanted = request->max_output_tokens;
    bool is_reasoning = target_can(target, CAP_EFFORT) && !(act_str_is(request->effort, "none") &&
                                                            target_can(target, CAP_THINKING_OFF));
    return (wanted > 0 && wanted < most ? wanted : most) + (is_reasoning ? REASONING_TOKENS : 0);
}

bool target_wrote(const target_t *target, const chat_message_t *message)
{
    return !act_str_empty(message->raw) && !act_str_empty(message->raw_by) &&
           act_str_eq(message->raw_by, target->identity);
}

// --- writing -------------------------------------------------------------------------------------

void writing_add_header(writing_t *writing, const char *line)
{
    size_t count = 0;
    while (writing->headers[count])
        count++;
    if (count + 1 < ACT_COUNT(writing->headers))
        writing->headers[count] = line;
    writing->http.headers = writing->headers;
}

void writing_to(writing_t *writing, const char *path, const char *key_header)
{
    const target_t *target = writing->target;
    writing->http.method = "POST";
    writing->http.url =
        act_arena_printf(writing->arena, "%" ACT_STR_FMT "%s", ACT_STR_ARG(target->base_url), path)
            .ptr;
    if (act_str_empty(target->api_key))
        return;
    if (key_header)
        writing_add_header(writing, act_arena_printf(writing->arena, "%s%" ACT_STR_FMT, key_header,
                                                     ACT_STR_ARG(target->api_key))
                                        .ptr);
    else
        writing->http.bearer_token = target->api_key.ptr;
}

act_str_t writing_system(const writing_t *writing, const chat_request_t *request)
{
    if (act_str_empty(request->output_schema) || target_can(writing->target, CAP_SCHEMA))
        return request->system;
    return act_arena_printf(writing->arena,
                            "%" ACT_STR_FMT
                            "\n\nAnswer with JSON only, without a fence around it: one "
                            "instance of this JSON Schema:\n%" ACT_STR_FMT,
                            ACT_STR_ARG(request->system), ACT_STR_ARG(request->output_schema));
}

act_str_t provider_result_name(const chat_request_t *request, const tool_result_t *result)
{
    if (!act_str_empty(result->name))
        return result->name;
    for (uint32_t i = 0; i < request->messages.count; i++) {
        const chat_message_t *message = &request->messages.items[i];
        for (uint32_t j = 0; j < message->tool_calls.count; j++)
            if (act_str_eq(message->tool_calls.items[j].id, result->call_id))
                return message->tool_calls.items[j].name;
    }
    return ACT_STR("tool");
}
