// anthropic: the Messages API. The last system block carries the mark of the prompt cache: tools and
// system before it are cached; the conversation is by the mark at the top.
#include "delta.h"
#include "provider.h"
#include "wire.h"

#include <stdlib.h>

#define VERSION "anthropic-version: 2026-10-21"
#define VERSION_WITH_SAMPLING "anthropic-version: 2023-06-01" // temperature is gone since

// --- the request ---------------------------------------------------------------------------------

static void write_cache_mark(act_buf_t *out)
{
    wire_raw(out, "cache_control", ACT_STR("{\"type\":\"ephemeral\"}"));
}

static void write_system(const writing_t *writing, const chat_request_t *request)
{
    act_str_t system = writing_system(writing, request);
    if (act_str_empty(system))
        return;
    wire_open(writing->body, "system", '[');
    wire_open(writing->body, NULL, '{');
    wire_text(writing->body, "type", "text");
    wire_str(writing->body, "text", system);
    if (target_can(writing->target, CAP_PROMPT_CACHE))
        write_cache_mark(writing->body);
    wire_close(writing->body, '}');
    wire_close(writing->body, ']');
}

static void write_text_block(act_buf_t *out, act_str_t text)
{
    wire_open(out, NULL, '{');
    wire_text(out, "type", "text");
    wire_str(out, "text", text);
    wire_close(out, '}');
}

static void write_image(act_buf_t *out, const chat_image_t *image)
{
    wire_open(out, NULL, '{');
    wire_text(out, "type", "image");
    wire_open(out, "source", '{');
    wire_text(out, "type", "base64");
    wire_str(out, "media_type", image->mime_type);
    wire_base64(out, "data", "", image->data);
    wire_close(out, '}');
    wire_close(out, '}');
}

static void write_call(act_buf_t *out, const tool_call_t *call)
{
    wire_open(out, NULL, '{');
    wire_text(out, "type", "tool_use");
    wire_str(out, "id", call->id);
    wire_str(out, "name", call->name);
    if (!wire_object(out, "input", call->arguments))
        wire_raw(out, "input", ACT_STR("{}"));
    wire_close(out, '}');
}

static void write_result(act_buf_t *out, const tool_result_t *result)
{
    wire_open(out, NULL, '{');
    wire_text(out, "type", "tool_result");
    wire_str(out, "tool_use_id", result->call_id);
    wire_str(out, "content", result->content);
    if (result->is_error)
        wire_bool(out, "is_error", true);
    wire_close(out, '}');
}

// Results before any text.
static void write_blocks(const writing_t *writing, const chat_message_t *message)
{
    act_buf_t *out = writing->body;
    for (uint32_t i = 0; i < message->tool_results.count; i++)
        write_result(out, &message->tool_results.items[i]);
    for (uint32_t i = 0; i < message->images.count && target_can(writing->target, CAP_IMAGES); i++)
        write_image(out, &message->images.items[i]);
    if (!act_str_empty(message->text))
        write_text_block(out, message->text);
    for (uint32_t i = 0; i < message->tool_calls.count; i++)
        write_call(out, &message->tool_calls.items[i]);
}

static void write_message(const writing_t *writing, const chat_message_t *message)
{
    bool is_assistant = act_str_is(message->role, "assistant");
    wire_open(writing->body, NULL, '{');
    wire_text(writing->body, "role", is_assistant ? "assistant" : "user");
    if (is_assistant && target_wrote(writing->target, message)) {
        wire_raw(writing->body, "content", message->raw);
    } else {
        wire_open(writing->body, "content", '[');
        write_blocks(writing, message);
        wire_close(writing->body, ']');
    }
    wire_close(writing->body, '}');
}

static bool write_tools(const writing_t *writing, const chat_request_t *request)
{
    act_buf_t *out = writing->body;
    bool is_good = true;
    wire_open(out, "tools", '[');
    for (uint32_t i = 0; i < request->tools.count; i++) {
        const tool_card_t *tool = &request->tools.items[i];
        wire_open(out, NULL, '{');
        wire_str(out, "name", tool->name);
        wire_str(out, "description", tool->description);
        is_good = wire_schema(out, "input_schema", tool->input_schema) && is_good;
        wire_close(out, '}');
    }
    wire_close(out, ']');
    return is_good;
}

static void write_tool_choice(const writing_t *writing, act_str_t choice)
{
    bool is_forced = !act_str_is(choice, "auto") && !act_str_is(choice, "none");
    if (act_str_empty(choice) || (is_forced && !target_can(writing->target, CAP_FORCED_TOOL)))
        return;
    wire_open(writing->body, "tool_choice", '{');
    if (!is_forced)
        wire_str(writing->body, "type", choice);
    else if (act_str_is(choice, "required"))
        wire_text(writing->body, "type", "any");
    else {
        wire_text(writing->body, "type", "tool");
        wire_str(writing->body, "name", choice);
    }
    wire_close(writing->body, '}');
}

static void write_thinking(const writing_t *writing, act_str_t effort)
{
    const char *mode = target_can(writing->target, CAP_THINKING_OFF)       ? "disabled"
                       : target_can(writing->target, CAP_THINKING_BETWEEN) ? "between_tools"
                                                                           : NULL;
    if (!act_str_is(effort, "none") || !mode)
        return;
    wire_open(writing->body, "thinking", '{');
    wire_text(writing->body, "type", mode);
    wire_close(writing->body, '}');
}

static bool write_output_config(const writing_t *writing, const chat_request_t *request,
                                act_str_t effort)
{
    act_buf_t *out = writing->body;
    bool is_good = true;
    bool has_effort = !act_str_empty(effort) && !act_str_is(effort, "none");
    bool has_schema =
        !act_str_empty(request->output_schema) && target_can(writing->target, CAP_SCHEMA);
    if (!has_effort && !has_schema)
        return true;
    wire_open(out, "output_config", '{');
    if (has_effort)
        wire_str(out, "effort", effort);
    if (has_schema) {
        wire_open(out, "format", '{');
        wire_text(out, "type", "json_schema");
        is_good = wire_object(out, "schema", request->output_schema);
        wire_close(out, '}');
    }
    wire_close(out, '}');
    return is_good;
}

static bool write_chat(writing_t *writing, const chat_request_t *request)
{
    const target_t *target = writing->target;
    act_str_t effort = target_effort(target, request);
    act_buf_t *out = writing->body;
    bool has_temperature = request->has_temperature && target_can(target, CAP_TEMPERATURE);
    bool has_tools = request->tools.count > 0 && target_can(target, CAP_TOOLS);
    bool is_good = true;
    wire_open(out, NULL, '{');
    wire_str(out, "model", target->model);
    wire_int(out, "max_tokens", target_max_tokens(target, request));
    if (writing->is_streaming)
        wire_bool(out, "stream", true);
    if (has_temperature)
        wire_milli(out, "temperature", request->temperature_milli);
    if (has_tools) { // first in the prefix that is cached
        is_good = write_tools(writing, request);
        write_tool_choice(writing, request->tool_choice);
    }
    write_system(writing, request);
    write_thinking(writing, effort);
    is_good = write_output_config(writing, request, effort) && is_good;
    if (target_can(target, CAP_PROMPT_CACHE))
        write_cache_mark(out);
    wire_open(out, "messages", '[');
    for (uint32_t i = 0; i < request->messages.count; i++)
        write_message(writing, &request->messages.items[i]);
    wire_close(out, ']');
    wire_close(out, '}');
    writing_to(writing, "/v1/messages", "x-api-key: ");
    writing_add_header(writing, has_temperature ? VERSION_WITH_SAMPLING : VERSION);
    return is_good;
}

// --- the answer ----------------------------------------------------------------------------------

static void read_stop(reading_t *reading, act_str_t reason)
{
    static const struct {
        const char *reason;
        stop_t stop;
    } rows[] = {
        {"end_turn", STOP_END},
        {"stop_sequence", STOP_END},
        {"tool_use", STOP_TOOLS},
        {"max_tokens", STOP_LENGTH},
        {"refusal", STOP_REFUSED},
        {"pause_turn", STOP_END},
        {"model_context_window_exceeded", STOP_CONTEXT},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (act_str_is(reason, rows[i].reason))
            reading->stop = rows[i].stop;
}

// Counts are cumulative; a later one stands, a missing one changes nothing.
static void read_usage(reading_t *reading, const json_t *usage)
{
    model_usage_t *sum = &reading->usage;
    const struct {
        const char *name;
        int64_t *count;
    } rows[] = {
        {"input_tokens", &sum->input_tokens},
        {"cache_read_input_tokens", &sum->cache_read_tokens},
        {"cache_creation_input_tokens", &sum->cache_write_tokens},
        {"output_tokens", &sum->output_tokens},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (json_is_integer(json_object_get(usage, rows[i].name)))
            *rows[i].count = reading_tokens(usage, rows[i].name);
    const json_t *written = act_json_object(usage, "cache_creation");
    if (!written)
        return;
    sum->cache_write_1h_tokens = reading_tokens(written, "ephemeral_1h_input_tokens");
    sum->cache_write_tokens = reading_tokens(written, "ephemeral_5m_input_tokens");
}

// A block as it is replayed. What is unknown is kept and not understood. `arguments` are those of a call
// as they came in the stream; empty: as they stand in the block.
static void take_block(reading_t *reading, json_t *block, act_str_t arguments)
{
    act_str_t type = act_json_str(block, "type");
    reading_add_raw(reading, block);
    if (!act_str_is(type, "tool_use"))
        return;
    reading_call_t *call =
        reading_add_call(reading, act_json_str(block, "id"), act_json_str(block, "name"));
    char *input = json_dumps(json_object_get(block, "input"), JSON_COMPACT);
    if (call)
        reading_add_arguments(reading, call, act_str_empty(arguments) ? act_str(input) : arguments);
    free(input); // jansson's
}

static void begin_block(reading_t *reading, const json_t *event)
{
    json_decref(reading->block);
    reading->block = json_deep_copy(json_object_get(event, "content_block"));
    act_buf_reset(&reading->piece);
    act_buf_reset(&reading->signature);
    act_str_t text = act_json_str(reading->block, "text");
    if (act_str_is(act_json_str(reading->block, "type"), "text") && !act_str_empty(text)) {
        act_buf_add_str(&reading->piece, text);
        reading_add_text(reading, text);
    }
}

static void set_text(json_t *block, const char *name, const act_buf_t *text)
{
    (void)json_object_set_new(block, name,
                              json_stringn(text->ptr ? text->ptr : "", text->len_bytes));
}

// Input that is no JSON object goes back as {}, which is all the API takes; the neutral form has it as it is.
static void set_input(reading_t *reading)
{
    json_t *input = NULL;
    act_str_t text = act_buf_str(&reading->piece);
    if (act_str_empty(text) || act_json_parse(text, &input, NULL, NULL) != ACT_E_OK)
        return; // what the block began with: {}
    if (json_is_object(input))
        (void)json_object_set(reading->block, "input", input);
    json_decref(input);
}

static void end_block(reading_t *reading)
{
    act_str_t type = act_json_str(reading->block, "type");
    if (!reading->block)
        return;
    if (act_str_is(type, "text"))
        set_text(reading->block, "text", &reading->piece);
    else if (act_str_is(type, "tool_use"))
        set_input(reading);
    else if (act_str_is(type, "thinking")) {
        set_text(reading->block, "thinking", &reading->piece);
        set_text(reading->block, "signature", &reading->signature);
    }
    if (reading->piece.is_overflowed || reading->signature.is_overflowed)
        reading_fail(reading, FAULT_NEXT, "a part of the answer is too long");
    bool is_call = act_str_is(type, "tool_use");
    take_block(reading, reading->block, is_call ? act_buf_str(&reading->piece) : ACT_STR(""));
    json_decref(reading->block);
    reading->block = NULL;
}

static void read_delta(reading_t *reading, const json_t *event)
{
    const json_t *delta = act_json_object(event, "delta");
    act_str_t type = act_json_str(delta, "type");
    if (act_str_is(type, "text_delta")) {
        act_str_t text = act_json_str(delta, "text");
        act_buf_add_str(&reading->piece, text);
        reading_add_text(reading, text);
    } else if (act_str_is(type, "input_json_delta"))
        act_buf_add_str(&reading->piece, act_json_str(delta, "partial_json"));
    else if (act_str_is(type, "thinking_delta"))
        act_buf_add_str(&reading->piece, act_json_str(delta, "thinking"));
    else if (act_str_is(type, "signature_delta"))
        act_buf_add_str(&reading->signature, act_json_str(delta, "signature"));
}

static void read_message_delta(reading_t *reading, const json_t *event)
{
    read_stop(reading, act_json_str(act_json_object(event, "delta"), "stop_reason"));
    read_usage(reading, act_json_object(event, "usage"));
}

static void read_start(reading_t *reading, const json_t *event)
{
    read_usage(reading, act_json_object(act_json_object(event, "message"), "usage"));
}

static void read_block_stop(reading_t *reading, const json_t *event)
{
    (void)event;
    end_block(reading);
}

static void read_stop_event(reading_t *reading, const json_t *event)
{
    (void)event;
    reading->is_whole = true;
}

// Most events of a stream.
static bool read_text_quickly(reading_t *reading, act_str_t data)
{
    static const char *const slow[] = {"citation", NULL};
    static const delta_shape_t shape = {.text_key = "text", .marker = "text_delta", .slow = slow};
    act_str_t text;
    if (!act_str_is(act_json_str(reading->block, "type"), "text") ||
        !delta_read(&shape, data, &reading->scratch, &text))
        return false;
    act_buf_add_str(&reading->piece, text);
    reading_add_text(reading, text);
    return true;
}

static void read_event(reading_t *reading, act_str_t name, act_str_t data)
{
    static const reading_row_t rows[] = {
        {"content_block_delta", read_delta},     {"content_block_start", begin_block},
        {"content_block_stop", read_block_stop}, {"message_start", read_start},
        {"message_delta", read_message_delta},   {"message_stop", read_stop_event},
        {"error", reading_take_error},
    };
    (void)name; // always the type
    if (!read_text_quickly(reading, data))
        reading_typed_event(reading, data, rows, ACT_COUNT(rows));
}

static void read_body(reading_t *reading, const json_t *body)
{
    const json_t *content = act_json_array(body, "content");
    for (size_t i = 0; i < json_array_size(content); i++) {
        json_t *block = json_array_get(content, i);
        if (act_str_is(act_json_str(block, "type"), "text"))
            reading_add_text(reading, act_json_str(block, "text"));
        take_block(reading, block, ACT_STR(""));
    }
    read_stop(reading, act_json_str(body, "stop_reason"));
    read_usage(reading, act_json_object(body, "usage"));
    reading->is_whole = content != NULL;
}

const provider_t provider_anthropic = {
    .name = "anthropic",
    .base_url = "https://api.anthropic.com",
    .write_chat = write_chat,
    .read_event = read_event,
    .read_body = read_body,
};
