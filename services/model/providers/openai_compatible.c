// openai_compatible: Chat Completions, as OpenAI, Ollama, vLLM, llama.cpp and many others take it.
// Forgiving in what it reads: no usage, no id, no index, no [DONE], a call in one piece.
#include "delta.h"
#include "provider.h"
#include "providers/openai_shared.h"
#include "wire.h"

#include <stdlib.h>

// --- the request ---------------------------------------------------------------------------------

static void write_parts(const writing_t *writing, const chat_message_t *message)
{
    act_buf_t *out = writing->body;
    wire_open(out, "content", '[');
    wire_open(out, NULL, '{');
    wire_text(out, "type", "text");
    wire_str(out, "text", message->text);
    wire_close(out, '}');
    for (uint32_t i = 0; i < message->images.count; i++) {
        const chat_image_t *image = &message->images.items[i];
        act_str_t before = act_arena_printf(writing->arena, "data:%" ACT_STR_FMT ";base64,",
                                            ACT_STR_ARG(image->mime_type));
        wire_open(out, NULL, '{');
        wire_text(out, "type", "image_url");
        wire_open(out, "image_url", '{');
        wire_base64(out, "url", before.ptr, image->data);
        wire_close(out, '}');
        wire_close(out, '}');
    }
    wire_close(out, ']');
}

static void write_user(const writing_t *writing, const chat_message_t *message)
{
    wire_open(writing->body, NULL, '{');
    wire_text(writing->body, "role", "user");
    if (message->images.count > 0 && target_can(writing->target, CAP_IMAGES))
        write_parts(writing, message);
    else
        wire_str(writing->body, "content", message->text);
    wire_close(writing->body, '}');
}

static void write_calls(act_buf_t *out, const chat_message_t *message)
{
    wire_open(out, "tool_calls", '[');
    for (uint32_t i = 0; i < message->tool_calls.count; i++) {
        const tool_call_t *call = &message->tool_calls.items[i];
        wire_open(out, NULL, '{');
        wire_str(out, "id", call->id);
        wire_text(out, "type", "function");
        wire_open(out, "function", '{');
        wire_str(out, "name", call->name);
        wire_str(out, "arguments", call->arguments);
        wire_close(out, '}');
        wire_close(out, '}');
    }
    wire_close(out, ']');
}

static void write_assistant(const writing_t *writing, const chat_message_t *message)
{
    act_buf_t *out = writing->body;
    if (target_wrote(writing->target, message)) {
        wire_raw(out, NULL, message->raw);
        return;
    }
    wire_open(out, NULL, '{');
    wire_text(out, "role", "assistant");
    wire_str(out, "content", message->text);
    if (message->tool_calls.count > 0)
        write_calls(out, message);
    wire_close(out, '}');
}

static void write_results(act_buf_t *out, const chat_message_t *message)
{
    for (uint32_t i = 0; i < message->tool_results.count; i++) {
        const tool_result_t *result = &message->tool_results.items[i];
        wire_open(out, NULL, '{');
        wire_text(out, "role", "tool");
        wire_str(out, "tool_call_id", result->call_id);
        wire_str(out, "content", result->content);
        wire_close(out, '}');
    }
}

static void write_message(const writing_t *writing, const chat_message_t *message)
{
    if (act_str_is(message->role, "assistant")) {
        write_assistant(writing, message);
        return;
    }
    write_results(writing->body, message);
    if (!act_str_is(message->role, "tool") || !act_str_empty(message->text))
        write_user(writing, message);
}

static bool write_tools(const writing_t *writing, const chat_request_t *request)
{
    act_buf_t *out = writing->body;
    act_str_t choice = request->tool_choice;
    bool is_forced_ok = target_can(writing->target, CAP_FORCED_TOOL);
    bool is_good = true;
    wire_open(out, "tools", '[');
    for (uint32_t i = 0; i < request->tools.count; i++) {
        const tool_card_t *tool = &request->tools.items[i];
        wire_open(out, NULL, '{');
        wire_text(out, "type", "function");
        wire_open(out, "function", '{');
        wire_str(out, "name", tool->name);
        wire_str(out, "description", tool->description);
        is_good = wire_schema(out, "parameters", tool->input_schema) && is_good;
        wire_close(out, '}');
        wire_close(out, '}');
    }
    wire_close(out, ']');
    if (act_str_is(choice, "none") || (act_str_is(choice, "required") && is_forced_ok))
        wire_str(out, "tool_choice", choice);
    else if (!act_str_empty(choice) && !act_str_is(choice, "auto") &&
             !act_str_is(choice, "required") && is_forced_ok) {
        wire_open(out, "tool_choice", '{');
        wire_text(out, "type", "function");
        wire_open(out, "function", '{');
        wire_str(out, "name", choice);
        wire_close(out, '}');
        wire_close(out, '}');
    }
    return is_good;
}

static bool write_format(const writing_t *writing, act_str_t schema)
{
    act_buf_t *out = writing->body;
    bool is_good = true;
    if (act_str_empty(schema))
        return true;
    if (target_can(writing->target, CAP_SCHEMA)) {
        wire_open(out, "response_format", '{');
        wire_text(out, "type", "json_schema");
        wire_open(out, "json_schema", '{');
        wire_text(out, "name", "answer");
        is_good = wire_object(out, "schema", schema);
        wire_close(out, '}');
        wire_close(out, '}');
    } else if (target_can(writing->target, CAP_JSON_OBJECT))
        wire_raw(out, "response_format", ACT_STR("{\"type\":\"json_object\"}"));
    return is_good;
}

static void write_options(const writing_t *writing, const chat_request_t *request)
{
    const target_t *target = writing->target;
    act_buf_t *out = writing->body;
    act_str_t effort = target_effort(target, request);
    bool is_refused = act_str_is(effort, "none") && !target_can(target, CAP_THINKING_OFF);
    wire_int(out,
             target_can(target, CAP_COMPLETION_TOKENS) ? "max_completion_tokens" : "max_tokens",
             target_max_tokens(target, request));
    if (writing->is_streaming) {
        wire_bool(out, "stream", true);
        if (target_can(target, CAP_STREAM_USAGE))
            wire_raw(out, "stream_options", ACT_STR("{\"include_usage\":true}"));
    }
    if (request->has_temperature && target_can(target, CAP_TEMPERATURE))
        wire_milli(out, "temperature", request->temperature_milli);
    if (!act_str_empty(effort) && !is_refused)
        wire_str(out, "reasoning_effort", effort);
}

static bool write_chat(writing_t *writing, const chat_request_t *request)
{
    act_str_t system = writing_system(writing, request);
    act_buf_t *out = writing->body;
    bool is_good = true;
    wire_open(out, NULL, '{');
    wire_str(out, "model", writing->target->model);
    write_options(writing, request);
    is_good = write_format(writing, request->output_schema);
    if (request->tools.count > 0 && target_can(writing->target, CAP_TOOLS))
        is_good = write_tools(writing, request) && is_good;
    wire_open(out, "messages", '[');
    if (!act_str_empty(system)) {
        wire_open(out, NULL, '{');
        wire_text(out, "role", "system");
        wire_str(out, "content", system);
        wire_close(out, '}');
    }
    for (uint32_t i = 0; i < request->messages.count; i++)
        write_message(writing, &request->messages.items[i]);
    wire_close(out, ']');
    wire_close(out, '}');
    writing_to(writing, "/chat/completions", NULL);
    return is_good;
}

// --- the answer ----------------------------------------------------------------------------------

static void read_finish(reading_t *reading, act_str_t reason)
{
    static const struct {
        const char *reason;
        stop_t stop;
    } rows[] = {
        {"stop", STOP_END},
        {"length", STOP_LENGTH},
        {"tool_calls", STOP_TOOLS},
        {"function_call", STOP_TOOLS},
        {"content_filter", STOP_REFUSED},
    };
    if (act_str_empty(reason))
        return;
    reading->is_whole = true;
    if (reading->stop == STOP_REFUSED)
        return;
    reading->stop = STOP_END;
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (act_str_is(reason, rows[i].reason))
            reading->stop = rows[i].stop;
}

// The turn as it is sent back: what came, put together; reasoning only for those that want it.
static void set_message(reading_t *reading)
{
    json_t *message = json_object();
    json_t *calls = json_array();
    act_str_t text = act_buf_str(&reading->text);
    for (uint32_t i = 0; i < reading->calls_count; i++) {
        const reading_call_t *call = &reading->calls[i];
        act_str_t arguments = act_buf_str(&call->arguments);
        (void)json_array_append_new(
            calls,
            json_pack("{s:s%, s:s, s:{s:s%, s:s%}}", "id", call->id.ptr, call->id.len_bytes, "type",
                      "function", "function", "name", call->name.ptr, call->name.len_bytes,
                      "arguments", arguments.ptr ? arguments.ptr : "", arguments.len_bytes));
    }
    (void)json_object_set_new(message, "role", json_string("assistant"));
    (void)json_object_set_new(message, "content",
                              json_stringn(text.ptr ? text.ptr : "", text.len_bytes));
    if (reading->calls_count > 0)
        (void)json_object_set(message, "tool_calls", calls);
    if (reading->piece.len_bytes > 0)
        (void)json_object_set_new(message, reading->signature.ptr,
                                  json_stringn(reading->piece.ptr, reading->piece.len_bytes));
    json_decref(calls);
    json_decref(reading->raw);
    reading->raw = message;
}

// Under the name it came by, which is kept beside it.
static void read_reasoning(reading_t *reading, const json_t *message)
{
    static const char *const names[] = {"reasoning_content", "reasoning"};
    for (size_t i = 0; reading->keeps_reasoning && i < ACT_COUNT(names); i++) {
        act_str_t text = act_json_str(message, names[i]);
        if (act_str_empty(text))
            continue;
        act_buf_add_str(&reading->piece, text);
        act_buf_reset(&reading->signature);
        act_buf_add_str(&reading->signature, act_str(names[i]));
        act_buf_add_char(&reading->signature, '\0');
        return;
    }
}

// By index; a fragment without one belongs to the first call, unless it brings an id of its own.
static reading_call_t *call_at(reading_t *reading, const json_t *fragment)
{
    const json_t *function = act_json_object(fragment, "function");
    act_str_t id = act_json_str(fragment, "id");
    int64_t index = act_json_int(fragment, "index", -1);
    if (index < 0)
        index = act_str_empty(id) && reading->calls_count > 0 ? 0 : reading->calls_count;
    if (index < (int64_t)reading->calls_count)
        return &reading->calls[index];
    return reading_add_call(reading, id, act_json_str(function, "name"));
}

static void read_calls(reading_t *reading, const json_t *calls)
{
    for (size_t i = 0; i < json_array_size(calls); i++) {
        const json_t *fragment = json_array_get(calls, i);
        const json_t *arguments =
            json_object_get(act_json_object(fragment, "function"), "arguments");
        reading_call_t *call = call_at(reading, fragment);
        if (!call)
            return;
        if (json_is_string(arguments))
            reading_add_arguments(
                reading, call,
                act_str_of(json_string_value(arguments), json_string_length(arguments)));
        else if (json_is_object(arguments)) { // some servers
            char *text = json_dumps(arguments, JSON_COMPACT);
            reading_add_arguments(reading, call, act_str(text));
            free(text); // jansson's
        }
    }
}

// A delta, or a whole message: they look alike.
static void read_message(reading_t *reading, const json_t *message)
{
    if (!message)
        return;
    act_str_t text = act_json_str(message, "content");
    if (!act_str_empty(text))
        reading_add_text(reading, text);
    if (!act_str_empty(act_json_str(message, "refusal")))
        reading->stop = STOP_REFUSED;
    read_reasoning(reading, message);
    read_calls(reading, act_json_array(message, "tool_calls"));
}

static void end_message(reading_t *reading)
{
    if (reading->calls_count > 0 && reading->stop == STOP_END)
        reading->stop = STOP_TOOLS; // some say "stop" with calls
    set_message(reading);
}

static void read_choice(reading_t *reading, const json_t *body, const char *name)
{
    const json_t *choice = json_array_get(act_json_array(body, "choices"), 0);
    read_message(reading, act_json_object(choice, name));
    bool was_whole = reading->is_whole;
    read_finish(reading, act_json_str(choice, "finish_reason"));
    if (reading->is_whole && !was_whole)
        end_message(reading);
    openai_shared_read_usage(reading, act_json_object(body, "usage"), "prompt_tokens",
                             "completion_tokens");
}

// Most events of a stream.
static bool read_text_quickly(reading_t *reading, act_str_t data)
{
    static const char *const slow[] = {
        "finish_reason", "tool_calls", "refusal", "reasoning_content",
        "reasoning",     "usage",      "error",   NULL};
    static const delta_shape_t shape = {
        .text_key = "content", .marker = "chat.completion.chunk", .slow = slow};
    act_str_t text;
    if (!delta_read(&shape, data, &reading->scratch, &text))
        return false;
    reading_add_text(reading, text);
    return true;
}

static void read_event(reading_t *reading, act_str_t name, act_str_t data)
{
    (void)name;
    if (act_str_is(act_str_trim(data), "[DONE]"))
        return;
    if (read_text_quickly(reading, data))
        return;
    json_t *event = reading_event(reading, data);
    if (json_object_get(event, "error"))
        reading_take_error(reading, event);
    else if (event)
        read_choice(reading, event, "delta");
    json_decref(event);
}

static void read_body(reading_t *reading, const json_t *body)
{
    read_choice(reading, body, "message");
}

const provider_t provider_openai_compatible = {
    .name = "openai_compatible",
    .base_url = "http://127.0.0.1:11434/v1",
    .write_chat = write_chat,
    .read_event = read_event,
    .read_body = read_body,
    .write_embed = openai_shared_write_embed,
    .read_embed = openai_shared_read_embed,
    .write_transcribe = openai_shared_write_transcribe,
    .read_transcribe = openai_shared_read_transcribe,
};
