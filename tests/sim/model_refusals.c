// model_words: what the real ones refuse.
#include "sim/model_words.h"

#include "io/json.h"

#include <string.h>

static bool has_result(const json_t *message, act_str_t id)
{
    const json_t *blocks = json_object_get(message, "content");
    for (size_t i = 0; i < json_array_size(blocks); i++)
        if (act_str_eq(act_json_str(json_array_get(blocks, i), "tool_use_id"), id))
            return true;
    return false;
}

// Every call of a message has its result in the next one.
static bool has_results(const json_t *message, const json_t *next)
{
    const json_t *blocks = json_object_get(message, "content");
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        const json_t *block = json_array_get(blocks, i);
        if (act_str_is(act_json_str(block, "type"), "tool_use") &&
            !has_result(next, act_json_str(block, "id")))
            return false;
    }
    return true;
}

static const char *refuse_anthropic(const json_t *request, const char *version)
{
    const json_t *messages = json_object_get(request, "messages");
    if (!json_object_get(request, "max_tokens"))
        return "max_tokens: Field required";
    if (strcmp(version, "2026-10-21") == 0 &&
        (json_object_get(request, "temperature") || json_object_get(request, "top_p")))
        return "temperature is not supported";
    for (size_t i = 0; i < json_array_size(messages); i++)
        if (!has_results(json_array_get(messages, i), json_array_get(messages, i + 1)))
            return "tool_use ids were found without tool_result blocks immediately after";
    return NULL;
}

static const char *refuse_gemini(const json_t *request)
{
    const json_t *contents = json_object_get(request, "contents");
    for (size_t i = 0; i < json_array_size(contents); i++) {
        const json_t *parts = json_object_get(json_array_get(contents, i), "parts");
        for (size_t j = 0; j < json_array_size(parts); j++) {
            const json_t *part = json_array_get(parts, j);
            if (json_object_get(part, "functionCall")) {
                if (!json_object_get(part, "thoughtSignature"))
                    return "Function call is missing a thought_signature";
                break; // the first of parallel calls
            }
        }
    }
    return NULL;
}

static const char *refuse_responses(const json_t *request)
{
    const json_t *items = json_object_get(request, "input");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        if (act_str_is(act_json_str(item, "type"), "function_call_output") &&
            act_str_empty(act_json_str(item, "call_id")))
            return "No tool output found for function call";
    }
    return json_object_get(request, "messages") ? "Unknown parameter: 'messages'" : NULL;
}

const char *words_refusal(const words_t *self, const char *version)
{
    if (self->dialect == WORDS_TRANSCRIPT)
        return NULL;
    if (!json_is_object(self->request))
        return "the body is no JSON object";
    if (self->dialect == WORDS_ANTHROPIC)
        return refuse_anthropic(self->request, version);
    if (self->dialect == WORDS_GEMINI)
        return refuse_gemini(self->request);
    if (self->dialect == WORDS_RESPONSES)
        return refuse_responses(self->request);
    if (self->dialect == WORDS_COMPLETIONS && json_object_get(self->request, "tools") &&
        json_object_get(self->request, "reasoning_effort"))
        return "function tools with reasoning_effort are not supported";
    return NULL;
}
