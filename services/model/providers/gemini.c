// gemini: generateContent. What the model wrote goes back part by part, with the signatures of its
// thoughts, which it refuses to miss.
#include "delta.h"
#include "provider.h"
#include "wire.h"

#include <stdlib.h>

// --- the request ---------------------------------------------------------------------------------

static void write_text_part(act_buf_t *out, act_str_t text)
{
    wire_open(out, NULL, '{');
    wire_str(out, "text", text);
    wire_close(out, '}');
}

static void write_data_part(act_buf_t *out, act_str_t mime_type, act_str_t data)
{
    wire_open(out, NULL, '{');
    wire_open(out, "inlineData", '{');
    wire_str(out, "mimeType", mime_type);
    wire_base64(out, "data", "", data);
    wire_close(out, '}');
    wire_close(out, '}');
}

static void write_call_part(act_buf_t *out, const tool_call_t *call)
{
    wire_open(out, NULL, '{');
    wire_open(out, "functionCall", '{');
    if (!reading_is_own_id(call->id))
        wire_str(out, "id", call->id);
    wire_str(out, "name", call->name);
    if (!wire_object(out, "args", call->arguments))
        wire_raw(out, "args", ACT_STR("{}"));
    wire_close(out, '}');
    wire_close(out, '}');
}

static void write_result_part(act_buf_t *out, const chat_request_t *request,
                              const tool_result_t *result)
{
    wire_open(out, NULL, '{');
    wire_open(out, "functionResponse", '{');
    if (!reading_is_own_id(result->call_id))
        wire_str(out, "id", result->call_id);
    wire_str(out, "name", provider_result_name(request, result));
    wire_open(out, "response", '{');
    wire_str(out, result->is_error ? "error" : "output", result->content);
    wire_close(out, '}');
    wire_close(out, '}');
    wire_close(out, '}');
}

static void write_parts(const writing_t *writing, const chat_request_t *request,
                        const chat_message_t *message)
{
    act_buf_t *out = writing->body;
    for (uint32_t i = 0; i < message->tool_results.count; i++)
        write_result_part(out, request, &message->tool_results.items[i]);
    for (uint32_t i = 0; i < message->images.count && target_can(writing->target, CAP_IMAGES); i++)
        write_data_part(out, message->images.items[i].mime_type, message->images.items[i].data);
    if (!act_str_empty(message->text))
        write_text_part(out, message->text);
    for (uint32_t i = 0; i < message->tool_calls.count; i++)
        write_call_part(out, &message->tool_calls.items[i]);
}

static void write_message(const writing_t *writing, const chat_request_t *request,
                          const chat_message_t *message)
{
    bool is_assistant = act_str_is(message->role, "assistant");
    wire_open(writing->body, NULL, '{');
    wire_text(writing->body, "role", is_assistant ? "model" : "user");
    if (is_assistant && target_wrote(writing->target, message)) {
        wire_raw(writing->body, "parts", message->raw);
    } else {
        wire_open(writing->body, "parts", '[');
        write_parts(writing, request, message);
        wire_close(writing->body, ']');
    }
    wire_close(writing->body, '}');
}

static bool write_tools(const writing_t *writing, const chat_request_t *request)
{
    act_buf_t *out = writing->body;
    bool is_good = true;
    wire_open(out, "tools", '[');
    wire_open(out, NULL, '{');
    wire_open(out, "functionDeclarations", '[');
    for (uint32_t i = 0; i < request->tools.count; i++) {
        const tool_card_t *tool = &request->tools.items[i];
        wire_open(out, NULL, '{');
        wire_str(out, "name", tool->name);
        wire_str(out, "description", tool->description);
        is_good = wire_schema(out, "parametersJsonSchema", tool->input_schema) && is_good;
        wire_close(out, '}');
    }
    wire_close(out, ']');
    wire_close(out, '}');
    wire_close(out, ']');
    return is_good;
}

static void write_tool_choice(const writing_t *writing, act_str_t choice)
{
    act_buf_t *out = writing->body;
    bool is_named = !act_str_empty(choice) && !act_str_is(choice, "auto") &&
                    !act_str_is(choice, "none") && !act_str_is(choice, "required");
    if (act_str_empty(choice) || act_str_is(choice, "auto"))
        return;
    wire_open(out, "toolConfig", '{');
    wire_open(out, "functionCallingConfig", '{');
    wire_text(out, "mode", act_str_is(choice, "none") ? "NONE" : "ANY");
    if (is_named) {
        wire_open(out, "allowedFunctionNames", '[');
        wire_str(out, NULL, choice);
        wire_close(out, ']');
    }
    wire_close(out, '}');
    wire_close(out, '}');
}

static bool write_config(const writing_t *writing, const chat_request_t *request)
{
    const target_t *target = writing->target;
    act_str_t effort = target_effort(target, request);
    act_buf_t *out = writing->body;
    bool is_good = true;
    wire_open(out, "generationConfig", '{');
    wire_int(out, "maxOutputTokens", target_max_tokens(target, request));
    if (request->has_temperature && target_can(target, CAP_TEMPERATURE))
        wire_milli(out, "temperature", request->temperature_milli);
    if (!act_str_empty(request->output_schema) && target_can(target, CAP_SCHEMA)) {
        wire_text(out, "responseMimeType", "application/json");
        is_good = wire_object(out, "responseJsonSchema", request->output_schema);
    }
    if (!act_str_empty(effort)) {
        wire_open(out, "thinkingConfig", '{');
        wire_str(out, "thinkingLevel", act_str_is(effort, "none") ? ACT_STR("low") : effort);
        wire_close(out, '}');
    }
    wire_close(out, '}');
    return is_good;
}

static void write_url(writing_t *writing, const char *verb)
{
    act_str_t path = act_arena_printf(writing->arena, "/models/%" ACT_STR_FMT ":%s",
                                      ACT_STR_ARG(writing->target->model), verb);
    writing_to(writing, path.ptr, "x-goog-api-key: ");
}

static bool write_chat(writing_t *writing, const chat_request_t *request)
{
    act_str_t system = writing_system(writing, request);
    act_buf_t *out = writing->body;
    wire_open(out, NULL, '{');
    if (!act_str_empty(system)) {
        wire_open(out, "systemInstruction", '{');
        wire_open(out, "parts", '[');
        write_text_part(out, system);
        wire_close(out, ']');
        wire_close(out, '}');
    }
    bool is_good = true;
    if (request->tools.count > 0 && target_can(writing->target, CAP_TOOLS)) {
        is_good = write_tools(writing, request);
        write_tool_choice(writing, request->tool_choice);
    }
    is_good = write_config(writing, request) && is_good;
    wire_open(out, "contents", '[');
    for (uint32_t i = 0; i < request->messages.count; i++)
        write_message(writing, request, &request->messages.items[i]);
    wire_close(out, ']');
    wire_close(out, '}');
    write_url(writing, writing->is_streaming ? "streamGenerateContent?alt=sse" : "generateContent");
    return is_good;
}

// --- the answer ----------------------------------------------------------------------------------

// Cached input is part of the prompt, thoughts are no part of the candidates.
static void read_usage(reading_t *reading, const json_t *usage)
{
    model_usage_t *sum = &reading->usage;
    if (!usage)
        return;
    sum->cache_read_tokens = reading_tokens(usage, "cachedContentTokenCount");
    sum->input_tokens = reading_tokens(usage, "promptTokenCount") +
                        reading_tokens(usage, "toolUsePromptTokenCount") - sum->cache_read_tokens;
    if (sum->input_tokens < 0)
        sum->input_tokens = 0;
    sum->output_tokens =
        reading_tokens(usage, "candidatesTokenCount") + reading_tokens(usage, "thoughtsTokenCount");
}

static void read_finish(reading_t *reading, act_str_t reason)
{
    static const struct {
        const char *reason;
        stop_t stop;
    } rows[] = {
        {"STOP", STOP_END},          {"MAX_TOKENS", STOP_LENGTH},
        {"SAFETY", STOP_REFUSED},    {"RECITATION", STOP_REFUSED},
        {"BLOCKLIST", STOP_REFUSED}, {"PROHIBITED_CONTENT", STOP_REFUSED},
        {"SPII", STOP_REFUSED},      {"LANGUAGE", STOP_REFUSED},
    };
    if (act_str_empty(reason))
        return;
    reading->is_whole = true;
    if (act_str_starts_with(reason, "MALFORMED_")) {
        reading_fail(reading, FAULT_AGAIN, "the model wrote a malformed answer");
        reading->fault.is_illness = false;
        return;
    }
    reading->stop = STOP_END;
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (act_str_is(reason, rows[i].reason))
            reading->stop = rows[i].stop;
}

static void read_call(reading_t *reading, const json_t *call)
{
    reading_call_t *added =
        reading_add_call(reading, act_json_str(call, "id"), act_json_str(call, "name"));
    const json_t *arguments = act_json_object(call, "args");
    char *text = arguments ? json_dumps(arguments, JSON_COMPACT) : NULL;
    if (added && text)
        reading_add_arguments(reading, added, act_str(text));
    free(text); // jansson's
}

// Text upon text is one part when it is sent back; anything signed stays as it came.
static bool join_text(const reading_t *reading, const json_t *part)
{
    json_t *last = json_array_get(reading->raw, json_array_size(reading->raw) - 1);
    const json_t *text = json_object_get(part, "text");
    if (!last || !json_is_string(text) || !json_is_string(json_object_get(last, "text")) ||
        json_object_size(part) != 1 || json_object_size(last) != 1)
        return false;
    return true;
}

static void keep_part(reading_t *reading, json_t *part)
{
    if (!join_text(reading, part)) {
        act_buf_reset(&reading->piece);
        act_buf_add_str(&reading->piece, act_json_str(part, "text"));
        json_t *copy = json_copy(part); // its text grows
        reading_add_raw(reading, copy);
        json_decref(copy);
        return;
    }
    act_buf_add_str(&reading->piece, act_json_str(part, "text"));
}

// The last part's text is put together once: at the end, or before another part begins.
static void settle_text(reading_t *reading)
{
    json_t *last = json_array_get(reading->raw, json_array_size(reading->raw) - 1);
    if (last && json_is_string(json_object_get(last, "text")))
        (void)json_object_set_new(
            last, "text",
            json_stringn(reading->piece.ptr ? reading->piece.ptr : "", reading->piece.len_bytes));
}

static void read_part(reading_t *reading, json_t *part)
{
    const json_t *call = act_json_object(part, "functionCall");
    if (!join_text(reading, part))
        settle_text(reading);
    keep_part(reading, part);
    if (call)
        read_call(reading, call);
    else if (!json_is_true(json_object_get(part, "thought")))
        reading_add_text(reading, act_json_str(part, "text"));
}

static void read_fragment(reading_t *reading, const json_t *body)
{
    const json_t *candidate = json_array_get(act_json_array(body, "candidates"), 0);
    const json_t *parts = act_json_array(act_json_object(candidate, "content"), "parts");
    act_str_t blocked = act_json_str(act_json_object(body, "promptFeedback"), "blockReason");
    for (size_t i = 0; i < json_array_size(parts); i++)
        read_part(reading, json_array_get(parts, i));
    read_usage(reading, act_json_object(body, "usageMetadata"));
    read_finish(reading, act_json_str(candidate, "finishReason"));
    if (!act_str_empty(blocked)) {
        reading->stop = STOP_REFUSED;
        reading->is_whole = true;
    }
    if (!reading->is_whole)
        return;
    settle_text(reading);
    if (reading->calls_count > 0 && reading->stop == STOP_END)
        reading->stop = STOP_TOOLS;
}

// Most events of a stream: unsigned text upon text. Their usage is not read; the last event's is.
static bool read_text_quickly(reading_t *reading, act_str_t data)
{
    static const char *const slow[] = {"finishReason",
                                       "functionCall",
                                       "thoughtSignature",
                                       "thought",
                                       "error",
                                       "promptFeedback",
                                       NULL};
    static const delta_shape_t shape = {.text_key = "text", .marker = "model", .slow = slow};
    const json_t *last = json_array_get(reading->raw, json_array_size(reading->raw) - 1);
    act_str_t text;
    if (!json_is_string(json_object_get(last, "text")) || json_object_size(last) != 1 ||
        !delta_read(&shape, data, &reading->scratch, &text))
        return false;
    act_buf_add_str(&reading->piece, text);
    reading_add_text(reading, text);
    return true;
}

static void read_event(reading_t *reading, act_str_t name, act_str_t data)
{
    (void)name;
    if (read_text_quickly(reading, data))
        return;
    json_t *event = reading_event(reading, data);
    if (json_object_get(event, "error"))
        reading_take_error(reading, event);
    else if (event)
        read_fragment(reading, event);
    json_decref(event);
}

// --- embeddings ----------------------------------------------------------------------------------

static bool write_embed(writing_t *writing, const embed_request_t *request)
{
    const target_t *target = writing->target;
    act_buf_t *out = writing->body;
    wire_open(out, NULL, '{');
    wire_open(out, "requests", '[');
    for (uint32_t i = 0; i < request->texts.count; i++) {
        wire_open(out, NULL, '{');
        wire_str(
            out, "model",
            act_arena_printf(writing->arena, "models/%" ACT_STR_FMT, ACT_STR_ARG(target->model)));
        wire_open(out, "content", '{');
        wire_open(out, "parts", '[');
        write_text_part(out, request->texts.items[i]);
        wire_close(out, ']');
        wire_close(out, '}');
        if (act_str_is(target->model, "gemini-embedding-001"))
            wire_text(out, "taskType",
                      act_str_is(request->purpose, "query") ? "RETRIEVAL_QUERY"
                                                            : "RETRIEVAL_DOCUMENT");
        if (request->dimensions > 0 && target_can(target, CAP_DIMENSIONS))
            wire_int(out, "outputDimensionality", request->dimensions);
        wire_close(out, '}');
    }
    wire_close(out, ']');
    wire_close(out, '}');
    write_url(writing, "batchEmbedContents");
    return request->texts.count > 0;
}

static bool read_embed(vectors_t *vectors, const json_t *body)
{
    const json_t *list = act_json_array(body, "embeddings");
    if (json_array_size(list) != vectors->count)
        return false;
    for (uint32_t i = 0; i < vectors->count; i++)
        if (!vectors_put_json(vectors, i, json_object_get(json_array_get(list, i), "values")))
            return false;
    return true;
}

// --- transcription: a chat about a recording -----------------------------------------------------

static bool write_transcribe(writing_t *writing, const transcribe_request_t *request)
{
    act_buf_t *out = writing->body;
    act_str_t rest = request->mime_type;
    wire_open(out, NULL, '{');
    wire_open(out, "contents", '[');
    wire_open(out, NULL, '{');
    wire_text(out, "role", "user");
    wire_open(out, "parts", '[');
    write_data_part(out, act_str_trim(act_str_cut(&rest, ';')), request->audio);
    write_text_part(out,
                    ACT_STR("Transcribe this recording word by word, in its own language. Answer "
                            "with the transcript only; with nothing when nobody speaks."));
    wire_close(out, ']');
    wire_close(out, '}');
    wire_close(out, ']');
    wire_close(out, '}');
    write_url(writing, "generateContent");
    return true;
}

static bool read_transcribe(const json_t *body, act_arena_t *arena, transcribe_reply_t *ret_reply,
                            model_usage_t *ret_usage)
{
    reading_t reading;
    reading_init(&reading, arena);
    read_fragment(&reading, body);
    bool is_good = reading.is_whole && reading.stop == STOP_END && reading.fault.kind == FAULT_NONE;
    ret_reply->text = act_arena_str(arena, act_buf_str(&reading.text));
    *ret_usage = reading.usage;
    reading_fini(&reading);
    return is_good;
}

const provider_t provider_gemini = {
    .name = "gemini",
    .base_url = "https://generativelanguage.googleapis.com/v1beta",
    .write_chat = write_chat,
    .read_event = read_event,
    .read_body = read_fragment,
    .write_embed = write_embed,
    .read_embed = read_embed,
    .write_transcribe = write_transcribe,
    .read_transcribe = read_transcribe,
};
