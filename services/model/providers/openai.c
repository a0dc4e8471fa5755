// openai: the Responses API, without state at the provider: the whole conversation goes with each
// request, and what the model wrote (its reasoning, encrypted, too) goes back as it came.
#include "delta.h"
#include "provider.h"
#include "providers/openai_shared.h"
#include "wire.h"

// --- the request ---------------------------------------------------------------------------------

static void write_user(const writing_t *writing, const chat_message_t *message)
{
    act_buf_t *out = writing->body;
    wire_open(out, NULL, '{');
    wire_text(out, "role", "user");
    wire_open(out, "content", '[');
    for (uint32_t i = 0; i < message->images.count && target_can(writing->target, CAP_IMAGES);
         i++) {
        const chat_image_t *image = &message->images.items[i];
        act_str_t before = act_arena_printf(writing->arena, "data:%" ACT_STR_FMT ";base64,",
                                            ACT_STR_ARG(image->mime_type));
        wire_open(out, NULL, '{');
        wire_text(out, "type", "input_image");
        wire_base64(out, "image_url", before.ptr, image->data);
        wire_close(out, '}');
    }
    wire_open(out, NULL, '{');
    wire_text(out, "type", "input_text");
    wire_str(out, "text", message->text);
    wire_close(out, '}');
    wire_close(out, ']');
    wire_close(out, '}');
}

static void write_results(act_buf_t *out, const chat_message_t *message)
{
    for (uint32_t i = 0; i < message->tool_results.count; i++) {
        const tool_result_t *result = &message->tool_results.items[i];
        wire_open(out, NULL, '{');
        wire_text(out, "type", "function_call_output");
        wire_str(out, "call_id", result->call_id);
        wire_str(out, "output", result->content);
        wire_close(out, '}');
    }
}

// A turn that another provider or model wrote.
static void write_foreign(act_buf_t *out, const chat_message_t *message)
{
    if (!act_str_empty(message->text)) {
        wire_open(out, NULL, '{');
        wire_text(out, "role", "assistant");
        wire_str(out, "content", message->text);
        wire_close(out, '}');
    }
    for (uint32_t i = 0; i < message->tool_calls.count; i++) {
        const tool_call_t *call = &message->tool_calls.items[i];
        wire_open(out, NULL, '{');
        wire_text(out, "type", "function_call");
        wire_str(out, "call_id", call->id);
        wire_str(out, "name", call->name);
        wire_str(out, "arguments", call->arguments);
        wire_close(out, '}');
    }
}

static void write_message(const writing_t *writing, const chat_message_t *message)
{
    act_buf_t *out = writing->body;
    if (act_str_is(message->role, "tool")) {
        write_results(out, message);
        if (!act_str_empty(message->text))
            write_user(writing, message);
    } else if (!act_str_is(message->role, "assistant"))
        write_user(writing, message);
    else if (target_wrote(writing->target, message) && message->raw.len_bytes > 2)
        // A list of items: its brackets go.
        wire_raw(out, NULL, act_str_of(message->raw.ptr + 1, message->raw.len_bytes - 2));
    else
        write_foreign(out, message);
}

static bool write_tools(const writing_t *writing, const chat_request_t *request)
{
    act_buf_t *out = writing->body;
    act_str_t choice = request->tool_choice;
    bool is_good = true;
    wire_open(out, "tools", '[');
    for (uint32_t i = 0; i < request->tools.count; i++) {
        const tool_card_t *tool = &request->tools.items[i];
        wire_open(out, NULL, '{');
        wire_text(out, "type", "function");
        wire_str(out, "name", tool->name);
        wire_str(out, "description", tool->description);
        is_good = wire_schema(out, "parameters", tool->input_schema) && is_good;
        wire_bool(out, "strict", false); // strict wants every property required
        wire_close(out, '}');
    }
    wire_close(out, ']');
    bool is_plain = act_str_is(choice, "auto") || act_str_is(choice, "none");
    if (is_plain ||
        (act_str_is(choice, "required") && target_can(writing->target, CAP_FORCED_TOOL)))
        wire_str(out, "tool_choice", choice);
    else if (!act_str_empty(choice) && target_can(writing->target, CAP_FORCED_TOOL)) {
        wire_open(out, "tool_choice", '{');
        wire_text(out, "type", "function");
        wire_str(out, "name", choice);
        wire_close(out, '}');
    }
    return is_good;
}

static bool write_format(const writing_t *writing, act_str_t schema)
{
    act_buf_t *out = writing->body;
    if (act_str_empty(schema) || !target_can(writing->target, CAP_SCHEMA))
        return true;
    wire_open(out, "text", '{');
    wire_open(out, "format", '{');
    wire_text(out, "type", "json_schema");
    wire_text(out, "name", "answer");
    bool is_good = wire_object(out, "schema", schema);
    wire_close(out, '}');
    wire_close(out, '}');
    return is_good;
}

static void write_reasoning(const writing_t *writing, const chat_request_t *request)
{
    act_str_t effort = target_effort(writing->target, request);
    bool is_refused = act_str_is(effort, "none") && !target_can(writing->target, CAP_THINKING_OFF);
    if (!target_can(writing->target, CAP_EFFORT))
        return;
    wire_raw(writing->body, "include", ACT_STR("[\"reasoning.encrypted_content\"]"));
    if (act_str_empty(effort) || is_refused)
        return;
    wire_open(writing->body, "reasoning", '{');
    wire_str(writing->body, "effort", effort);
    wire_close(writing->body, '}');
}

static bool write_chat(writing_t *writing, const chat_request_t *request)
{
    const target_t *target = writing->target;
    act_str_t system = writing_system(writing, request);
    act_buf_t *out = writing->body;
    bool is_good = true;
    wire_open(out, NULL, '{');
    wire_str(out, "model", target->model);
    wire_bool(out, "store", false);
    wire_int(out, "max_output_tokens", target_max_tokens(target, request));
    if (writing->is_streaming)
        wire_bool(out, "stream", true);
    if (request->has_temperature && target_can(target, CAP_TEMPERATURE))
        wire_milli(out, "temperature", request->temperature_milli);
    write_reasoning(writing, request);
    is_good = write_format(writing, request->output_schema);
    if (request->tools.count > 0 && target_can(target, CAP_TOOLS))
        is_good = write_tools(writing, request) && is_good;
    if (!act_str_empty(system))
        wire_str(out, "instructions", system);
    wire_open(out, "input", '[');
    for (uint32_t i = 0; i < request->messages.count; i++)
        write_message(writing, &request->messages.items[i]);
    wire_close(out, ']');
    wire_close(out, '}');
    writing_to(writing, "/responses", NULL);
    return is_good;
}

// --- the answer ----------------------------------------------------------------------------------

static void read_texts(reading_t *reading, const json_t *item, bool has_text)
{
    const json_t *content = act_json_array(item, "content");
    for (size_t i = 0; i < json_array_size(content); i++) {
        const json_t *part = json_array_get(content, i);
        if (act_str_is(act_json_str(part, "type"), "refusal"))
            reading->stop = STOP_REFUSED;
        else if (!has_text)
            reading_add_text(reading, act_json_str(part, "text"));
    }
}

// An item of the output that is whole. has_text: its text has come in deltas.
static void take_item(reading_t *reading, json_t *item, bool has_text)
{
    act_str_t type = act_json_str(item, "type");
    reading_add_raw(reading, item);
    if (act_str_is(type, "message"))
        read_texts(reading, item, has_text);
    if (!act_str_is(type, "function_call"))
        return;
    reading_call_t *call =
        reading_add_call(reading, act_json_str(item, "call_id"), act_json_str(item, "name"));
    if (call)
        reading_add_arguments(reading, call, act_json_str(item, "arguments"));
}

// What the whole says beyond its items.
static void read_end(reading_t *reading, const json_t *response)
{
    act_str_t status = act_json_str(response, "status");
    act_str_t reason = act_json_str(act_json_object(response, "incomplete_details"), "reason");
    openai_shared_read_usage(reading, act_json_object(response, "usage"), "input_tokens",
                             "output_tokens");
    reading->is_whole = true;
    if (act_str_is(status, "failed"))
        fault_of_event(response, &reading->fault);
    else if (act_str_is(status, "incomplete"))
        reading->stop = act_str_is(reason, "content_filter") ? STOP_REFUSED : STOP_LENGTH;
    else if (reading->stop == STOP_NONE)
        reading->stop = reading->calls_count > 0 ? STOP_TOOLS : STOP_END;
}

static void read_text_delta(reading_t *reading, const json_t *event)
{
    reading_add_text(reading, act_json_str(event, "delta"));
}

static void read_item(reading_t *reading, const json_t *event)
{
    bool has_text = reading->text.len_bytes > 0;
    take_item(reading, json_object_get(event, "item"), has_text);
}

static void read_response(reading_t *reading, const json_t *event)
{
    read_end(reading, act_json_object(event, "response"));
}

// Most events of a stream.
static bool read_text_quickly(reading_t *reading, act_str_t data)
{
    static const char *const slow[] = {NULL};
    static const delta_shape_t shape = {
        .text_key = "delta", .marker = "response.output_text.delta", .slow = slow};
    act_str_t text;
    if (!delta_read(&shape, data, &reading->scratch, &text))
        return false;
    reading_add_text(reading, text);
    return true;
}

static void read_event(reading_t *reading, act_str_t name, act_str_t data)
{
    static const reading_row_t rows[] = {
        {"response.output_text.delta", read_text_delta},
        {"response.output_item.done", read_item},
        {"response.completed", read_response},
        {"response.incomplete", read_response},
        {"response.failed", read_response},
        {"error", reading_take_error},
    };
    (void)name;
    if (!act_str_is(data, "[DONE]") && !read_text_quickly(reading, data))
        reading_typed_event(reading, data, rows, ACT_COUNT(rows));
}

static void read_body(reading_t *reading, const json_t *body)
{
    const json_t *output = act_json_array(body, "output");
    for (size_t i = 0; i < json_array_size(output); i++)
        take_item(reading, json_array_get(output, i), /* has_text= */ false);
    read_end(reading, body);
    reading->is_whole = output != NULL;
}

const provider_t provider_openai = {
    .name = "openai",
    .base_url = "https://api.openai.com/v1",
    .write_chat = write_chat,
    .read_event = read_event,
    .read_body = read_body,
    .write_embed = openai_shared_write_embed,
    .read_embed = openai_shared_read_embed,
    .write_transcribe = openai_shared_write_transcribe,
    .read_transcribe = openai_shared_read_transcribe,
};
