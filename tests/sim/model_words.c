// model_words: one text or list of tool calls, in the words of each dialect.
#include "sim/model_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES 8 // of text in one event

static const char *text_at(const json_t *object, const char *name, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : fallback;
}

static long long number_at(const json_t *object, const char *name, long long fallback)
{
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

words_dialect_t words_dialect_of(const char *path)
{
    static const struct {
        const char *part;
        words_dialect_t dialect;
    } rows[] = {
        {"/messages", WORDS_ANTHROPIC},
        {"/responses", WORDS_RESPONSES},
        {"/chat/completions", WORDS_COMPLETIONS},
        {"enerateContent", WORDS_GEMINI},
        {"/embeddings", WORDS_EMBEDDINGS},
        {":batchEmbedContents", WORDS_GEMINI_EMBEDDINGS},
        {"/audio/transcriptions", WORDS_TRANSCRIPT},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (strstr(path, rows[i].part))
            return rows[i].dialect;
    return WORDS_NONE;
}

void words_error(const words_t *self, const char *type, act_buf_t *out)
{
    if (self->dialect == WORDS_ANTHROPIC)
        act_buf_printf(out, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"m\"}}",
                       type);
    else if (self->dialect == WORDS_GEMINI || self->dialect == WORDS_GEMINI_EMBEDDINGS)
        act_buf_printf(out, "{\"error\":{\"code\":500,\"message\":\"m\",\"status\":\"%s\"}}", type);
    else
        act_buf_printf(out, "{\"error\":{\"message\":\"m\",\"type\":\"error\",\"code\":\"%s\"}}",
                       type);
}

// --- the answer's content ------------------------------------------------------------------------

static const char *last_text(const json_t *value, const char *found)
{
    const json_t *item = NULL;
    const char *key = NULL;
    size_t index = 0;
    if (json_is_array(value)) {
        json_array_foreach(value, index, item) found = last_text(item, found);
    } else if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key, item)
        {
            bool is_text = (strcmp(key, "text") == 0 || strcmp(key, "content") == 0 ||
                            strcmp(key, "output") == 0) &&
                           json_is_string(item);
            found = is_text ? json_string_value(item) : last_text(item, found);
        }
    }
    return found;
}

static void add_text(const words_t *self, act_buf_t *out)
{
    static const char *const lists[] = {"messages", "input", "contents"};
    long long tokens = number_at(self->step, "tokens", 0);
    const char *text = json_string_value(json_object_get(self->step, "text"));
    const char *last = "";
    for (long long i = 0; i < tokens; i++)
        act_buf_printf(out, "word%03lld ", i % 1000);
    if (tokens > 0)
        return;
    if (text || json_object_get(self->step, "tools")) {
        act_buf_add_str(out, act_str(text));
        return;
    }
    for (size_t i = 0; i < ACT_COUNT(lists); i++)
        last = last_text(json_object_get(self->request, lists[i]), last);
    act_buf_printf(out, "echo: %s", last);
}

static char *arguments_of(const words_t *self, const json_t *tool)
{
    const char *raw = json_string_value(json_object_get(self->step, "arguments_text"));
    const json_t *arguments = json_object_get(tool, "arguments");
    return raw ? strdup(raw) : arguments ? json_dumps(arguments, JSON_COMPACT) : strdup("{}");
}

static json_t *tools_of(const words_t *self)
{
    return json_object_get(self->step, "tools");
}

static const char *stop_of(const words_t *self, const char *const names[4])
{
    const char *stop = text_at(self->step, "stop", "");
    if (strcmp(stop, "length") == 0)
        return names[2];
    if (strcmp(stop, "refused") == 0)
        return names[3];
    return json_array_size(tools_of(self)) > 0 ? names[1] : names[0];
}

typedef struct {
    long long input, cached, output;
} usage_t;

static usage_t usage_of(const words_t *self)
{
    const json_t *usage = json_object_get(self->step, "usage");
    return (usage_t){number_at(usage, "input", 10), number_at(usage, "cached", 0),
                     number_at(usage, "output", number_at(self->step, "tokens", 5))};
}

// --- writing -------------------------------------------------------------------------------------

static void event(act_buf_t *out, const char *name, json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (name)
        act_buf_printf(out, "event: %s\n", name);
    act_buf_add_str(out, ACT_STR("data: "));
    act_buf_add_str(out, act_str(text));
    act_buf_add_str(out, ACT_STR("\n\n"));
    free(text);
    json_decref(data);
}

static void whole(act_buf_t *out, json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT);
    act_buf_add_str(out, act_str(text));
    free(text);
    json_decref(data);
}

// The next piece of a text; never inside a code point.
static act_str_t piece_of(act_str_t *rest)
{
    size_t len_bytes = rest->len_bytes < PIECE_BYTES ? rest->len_bytes : PIECE_BYTES;
    while (len_bytes < rest->len_bytes && ((unsigned char)rest->ptr[len_bytes] & 0xc0) == 0x80)
        len_bytes++;
    act_str_t piece = act_str_of(rest->ptr, len_bytes);
    *rest = act_str_of(rest->ptr + len_bytes, rest->len_bytes - len_bytes);
    return piece;
}

static bool breaks_off(const words_t *self, act_buf_t *out)
{
    if (!json_is_true(json_object_get(self->step, "fault_after_text")))
        return false;
    act_buf_add_str(out, self->dialect == WORDS_GEMINI || self->dialect == WORDS_COMPLETIONS
                             ? ACT_STR("data: ")
                             : ACT_STR("event: error\ndata: "));
    if (self->dialect == WORDS_RESPONSES)
        act_buf_add_str(
            out, ACT_STR("{\"type\":\"error\",\"code\":\"server_error\",\"message\":\"m\"}"));
    else
        words_error(self, self->dialect == WORDS_ANTHROPIC ? "overloaded_error" : "server_error",
                    out);
    act_buf_add_str(out, ACT_STR("\n\n"));
    return true;
}

// --- Anthropic -----------------------------------------------------------------------------------

static json_t *anthropic_usage(const words_t *self)
{
    usage_t usage = usage_of(self);
    return json_pack("{s:I,s:I,s:i,s:I}", "input_tokens", usage.input, "cache_read_input_tokens",
                     usage.cached, "cache_creation_input_tokens", 0, "output_tokens", usage.output);
}

static void anthropic_delta(act_buf_t *out, int index, const char *type, const char *key,
                            act_str_t text)
{
    event(out, "content_block_delta",
          json_pack("{s:s,s:i,s:{s:s,s:s%}}", "type", "content_block_delta", "index", index,
                    "delta", "type", type, key, text.ptr, text.len_bytes));
}

static void anthropic_stream(const words_t *self, act_str_t text, act_buf_t *out)
{
    static const char *const stops[] = {"end_turn", "tool_use", "max_tokens", "refusal"};
    json_t *tools = tools_of(self);
    int index = 0;
    event(out, "message_start",
          json_pack("{s:s,s:{s:s,s:s,s:[],s:o}}", "type", "message_start", "message", "id", "msg_1",
                    "role", "assistant", "content", "usage", anthropic_usage(self)));
    event(out, "ping", json_pack("{s:s}", "type", "ping"));
    event(out, "content_block_start",
          json_pack("{s:s,s:i,s:{s:s,s:s,s:s}}", "type", "content_block_start", "index", index,
                    "content_block", "type", "thinking", "thinking", "", "signature", ""));
    anthropic_delta(out, index, "thinking_delta", "thinking", ACT_STR("hmm"));
    anthropic_delta(out, index, "signature_delta", "signature", ACT_STR("c2ln"));
    event(out, "content_block_stop",
          json_pack("{s:s,s:i}", "type", "content_block_stop", "index", index++));
    if (text.len_bytes > 0) {
        event(out, "content_block_start",
              json_pack("{s:s,s:i,s:{s:s,s:s}}", "type", "content_block_start", "index", index,
                        "content_block", "type", "text", "text", ""));
        while (text.len_bytes > 0)
            anthropic_delta(out, index, "text_delta", "text", piece_of(&text));
        if (breaks_off(self, out))
            return;
        event(out, "content_block_stop",
              json_pack("{s:s,s:i}", "type", "content_block_stop", "index", index++));
    }
    for (size_t i = 0; i < json_array_size(tools); i++) {
        const json_t *tool = json_array_get(tools, i);
        char *arguments = arguments_of(self, tool);
        char id[32];
        (void)snprintf(id, sizeof id, "toolu_%zu", i + 1);
        event(out, "content_block_start",
              json_pack("{s:s,s:i,s:{s:s,s:s,s:s,s:{}}}", "type", "content_block_start", "index",
                        index, "content_block", "type", "tool_use", "id", id, "name",
                        text_at(tool, "name", ""), "input"));
        act_str_t rest = act_str(arguments);
        while (rest.len_bytes > 0)
            anthropic_delta(out, index, "input_json_delta", "partial_json", piece_of(&rest));
        event(out, "content_block_stop",
              json_pack("{s:s,s:i}", "type", "content_block_stop", "index", index++));
        free(arguments);
    }
    event(out, "message_delta",
          json_pack("{s:s,s:{s:s,s:n},s:o}", "type", "message_delta", "delta", "stop_reason",
                    stop_of(self, stops), "stop_sequence", "usage", anthropic_usage(self)));
    event(out, "message_stop", json_pack("{s:s}", "type", "message_stop"));
}

static void anthropic_whole(const words_t *self, act_str_t text, act_buf_t *out)
{
    static const char *const stops[] = {"end_turn", "tool_use", "max_tokens", "refusal"};
    json_t *content =
        json_pack("[{s:s,s:s,s:s}]", "type", "thinking", "thinking", "hmm", "signature", "c2ln");
    json_t *tools = tools_of(self);
    if (text.len_bytes > 0)
        (void)json_array_append_new(
            content, json_pack("{s:s,s:s%}", "type", "text", "text", text.ptr, text.len_bytes));
    for (size_t i = 0; i < json_array_size(tools); i++) {
        const json_t *tool = json_array_get(tools, i);
        char id[32];
        (void)snprintf(id, sizeof id, "toolu_%zu", i + 1);
        json_t *arguments = json_object_get(tool, "arguments");
        (void)json_array_append_new(content,
                                    json_pack("{s:s,s:s,s:s,s:o}", "type", "tool_use", "id", id,
                                              "name", text_at(tool, "name", ""), "input",
                                              arguments ? json_incref(arguments) : json_object()));
    }
    whole(out, json_pack("{s:s,s:s,s:s,s:o,s:s,s:o}", "id", "msg_1", "type", "message", "role",
                         "assistant", "content", content, "stop_reason", stop_of(self, stops),
                         "usage", anthropic_usage(self)));
}

// --- Responses -----------------------------------------------------------------------------------

static json_t *responses_items(const words_t *self, act_str_t text)
{
    json_t *items = json_pack("[{s:s,s:s,s:[],s:s}]", "type", "reasoning", "id", "rs_1", "summary",
                              "encrypted_content", "ZW5j");
    json_t *tools = tools_of(self);
    if (text.len_bytes > 0)
        (void)json_array_append_new(items,
                                    json_pack("{s:s,s:s,s:s,s:[{s:s,s:s%}]}", "type", "message",
                                              "id", "m_1", "role", "assistant", "content", "type",
                                              "output_text", "text", text.ptr, text.len_bytes));
    for (size_t i = 0; i < json_array_size(tools); i++) {
        const json_t *tool = json_array_get(tools, i);
        char *arguments = arguments_of(self, tool);
        char id[32];
        (void)snprintf(id, sizeof id, "call_%zu", i + 1);
        (void)json_array_append_new(items, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "type",
                                                     "function_call", "id", "fc", "call_id", id,
                                                     "name", text_at(tool, "name", ""), "arguments",
                                                     arguments, "status", "completed"));
        free(arguments);
    }
    return items;
}

static json_t *responses_whole(const words_t *self, act_str_t text)
{
    static const char *const stops[] = {"", "", "max_output_tokens", "content_filter"};
    usage_t usage = usage_of(self);
    const char *reason = stop_of(self, stops);
    json_t *details = reason[0] != '\0' ? json_pack("{s:s}", "reason", reason) : json_null();
    return json_pack("{s:s,s:s,s:o,s:o,s:{s:I,s:{s:I,s:i},s:I}}", "id", "resp_1", "status",
                     reason[0] != '\0' ? "incomplete" : "completed", "incomplete_details", details,
                     "output", responses_items(self, text), "usage", "input_tokens",
                     usage.input + usage.cached, "input_tokens_details", "cached_tokens",
                     usage.cached, "cache_write_tokens", 0, "output_tokens", usage.output);
}

static void responses_stream(const words_t *self, act_str_t text, act_buf_t *out)
{
    json_t *items = responses_items(self, text);
    act_str_t rest = text;
    event(out, "response.created", json_pack("{s:s}", "type", "response.created"));
    while (rest.len_bytes > 0) {
        act_str_t piece = piece_of(&rest);
        event(out, "response.output_text.delta",
              json_pack("{s:s,s:s,s:i,s:i,s:s%}", "type", "response.output_text.delta", "item_id",
                        "m_1", "output_index", 1, "content_index", 0, "delta", piece.ptr,
                        piece.len_bytes));
    }
    if (breaks_off(self, out)) {
        json_decref(items);
        return;
    }
    for (size_t i = 0; i < json_array_size(items); i++)
        event(out, "response.output_item.done",
              json_pack("{s:s,s:O}", "type", "response.output_item.done", "item",
                        json_array_get(items, i)));
    json_decref(items);
    json_t *response = responses_whole(self, text);
    bool is_whole = strcmp(text_at(response, "status", ""), "completed") == 0;
    const char *type = is_whole ? "response.completed" : "response.incomplete";
    event(out, type, json_pack("{s:s,s:o}", "type", type, "response", response));
}

// --- Chat Completions ----------------------------------------------------------------------------

static json_t *completions_usage(const words_t *self)
{
    usage_t usage = usage_of(self);
    return json_pack("{s:I,s:I,s:{s:I}}", "prompt_tokens", usage.input + usage.cached,
                     "completion_tokens", usage.output, "prompt_tokens_details", "cached_tokens",
                     usage.cached);
}

static void chunk(act_buf_t *out, json_t *delta, const char *finish)
{
    event(out, NULL,
          json_pack("{s:s,s:s,s:[{s:i,s:o,s:o}]}", "id", "chatcmpl-1", "object",
                    "chat.completion.chunk", "choices", "index", 0, "delta", delta, "finish_reason",
                    finish ? json_string(finish) : json_null()));
}

static const char *const completions_stops[] = {"stop", "tool_calls", "length", "content_filter"};

static void completions_stream(const words_t *self, act_str_t text, act_buf_t *out)
{
    json_t *tools = tools_of(self);
    act_buf_add_str(out, ACT_STR(": a comment\n\n"));
    chunk(out, json_pack("{s:s,s:s}", "role", "assistant", "content", ""), NULL);
    while (text.len_bytes > 0) {
        act_str_t piece = piece_of(&text);
        chunk(out, json_pack("{s:s%}", "content", piece.ptr, piece.len_bytes), NULL);
    }
    if (breaks_off(self, out))
        return;
    for (size_t i = 0; i < json_array_size(tools); i++) {
        const json_t *tool = json_array_get(tools, i);
        char *arguments = arguments_of(self, tool);
        act_str_t rest = act_str(arguments);
        char id[32];
        (void)snprintf(id, sizeof id, "call_%zu", i + 1);
        chunk(out,
              json_pack("{s:[{s:i,s:s,s:s,s:{s:s,s:s}}]}", "tool_calls", "index", (int)i, "id", id,
                        "type", "function", "function", "name", text_at(tool, "name", ""),
                        "arguments", ""),
              NULL);
        while (rest.len_bytes > 0) {
            act_str_t piece = piece_of(&rest);
            chunk(out,
                  json_pack("{s:[{s:i,s:{s:s%}}]}", "tool_calls", "index", (int)i, "function",
                            "arguments", piece.ptr, piece.len_bytes),
                  NULL);
        }
        free(arguments);
    }
    chunk(out, json_object(), stop_of(self, completions_stops));
    event(out, NULL,
          json_pack("{s:s,s:[],s:o}", "id", "chatcmpl-1", "choices", "usage",
                    completions_usage(self)));
    act_buf_add_str(out, ACT_STR("data: [DONE]\n\n"));
}

static void completions_whole(const words_t *self, act_str_t text, act_buf_t *out)
{
    json_t *message =
        json_pack("{s:s,s:s%}", "role", "assistant", "content", text.ptr, text.len_bytes);
    json_t *tools = tools_of(self);
    json_t *calls = json_array();
    for (size_t i = 0; i < json_array_size(tools); i++) {
        const json_t *tool = json_array_get(tools, i);
        char *arguments = arguments_of(self, tool);
        char id[32];
        (void)snprintf(id, sizeof id, "call_%zu", i + 1);
        (void)json_array_append_new(
            calls, json_pack("{s:s,s:s,s:{s:s,s:s}}", "id", id, "type", "function", "function",
                             "name", text_at(tool, "name", ""), "arguments", arguments));
        free(arguments);
    }
    if (json_array_size(calls) > 0)
        (void)json_object_set(message, "tool_calls", calls);
    json_decref(calls);
    whole(out, json_pack("{s:s,s:[{s:i,s:s,s:o}],s:o}", "id", "chatcmpl-1", "choices", "index", 0,
                         "finish_reason", stop_of(self, completions_stops), "message", message,
                         "usage", completions_usage(self)));
}

// --- Gemini --------------------------------------------------------------------------------------

static json_t *gemini_fragment(const words_t *self, json_t *part, const char *finish)
{
    usage_t usage = usage_of(self);
    json_t *candidate = json_pack("{s:{s:s,s:[o]}}", "content", "role", "model", "parts", part);
    if (finish)
        (void)json_object_set_new(candidate, "finishReason", json_string(finish));
    return json_pack("{s:[o],s:{s:I,s:I,s:I,s:i}}", "candidates", candidate, "usageMetadata",
                     "promptTokenCount", usage.input + usage.cached, "cachedContentTokenCount",
                     usage.cached, "candidatesTokenCount", usage.output, "thoughtsTokenCount", 0);
}

static json_t *gemini_call(const words_t *self, size_t index)
{
    json_t *tool = json_array_get(tools_of(self), index);
    json_t *arguments = json_object_get(tool, "arguments");
    char id[32];
    (void)snprintf(id, sizeof id, "f%zu", index + 1);
    json_t *part =
        json_pack("{s:{s:s,s:s,s:o}}", "functionCall", "id", id, "name", text_at(tool, "name", ""),
                  "args", arguments ? json_incref(arguments) : json_object());
    if (index == 0)
        (void)json_object_set_new(part, "thoughtSignature", json_string("c2ln"));
    return part;
}

static const char *const gemini_stops[] = {"STOP", "STOP", "MAX_TOKENS", "SAFETY"};

static void gemini_stream(const words_t *self, act_str_t text, act_buf_t *out)
{
    while (text.len_bytes > 0) {
        act_str_t piece = piece_of(&text);
        event(out, NULL,
              gemini_fragment(self, json_pack("{s:s%}", "text", piece.ptr, piece.len_bytes), NULL));
    }
    if (breaks_off(self, out))
        return;
    for (size_t i = 0; i < json_array_size(tools_of(self)); i++)
        event(out, NULL, gemini_fragment(self, gemini_call(self, i), NULL));
    event(out, NULL,
          gemini_fragment(self, json_pack("{s:s}", "text", ""), stop_of(self, gemini_stops)));
}

static void gemini_whole(const words_t *self, act_str_t text, act_buf_t *out)
{
    json_t *answer =
        gemini_fragment(self, json_pack("{s:s%}", "text", text.ptr ? text.ptr : "", text.len_bytes),
                        stop_of(self, gemini_stops));
    json_t *parts = json_object_get(
        json_object_get(json_array_get(json_object_get(answer, "candidates"), 0), "content"),
        "parts");
    for (size_t i = 0; i < json_array_size(tools_of(self)); i++)
        (void)json_array_append_new(parts, gemini_call(self, i));
    whole(out, answer);
}

// --- embeddings and transcripts ------------------------------------------------------------------

static json_t *vector_of(size_t index)
{
    json_t *vector = json_array();
    for (int i = 0; i < 8; i++)
        (void)json_array_append_new(vector, json_real(2.0 + (double)index + i)); // not of length 1
    return vector;
}

static void embeddings(const words_t *self, act_buf_t *out)
{
    bool is_gemini = self->dialect == WORDS_GEMINI_EMBEDDINGS;
    size_t count =
        json_array_size(json_object_get(self->request, is_gemini ? "requests" : "input"));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_insert_new(
            list, is_gemini ? i : 0, // OpenAI's come in any order
            is_gemini ? json_pack("{s:o}", "values", vector_of(i))
                      : json_pack("{s:i,s:o}", "index", (int)i, "embedding", vector_of(i)));
    whole(out, json_pack("{s:o,s:{s:i}}", is_gemini ? "embeddings" : "data", list, "usage",
                         "prompt_tokens", 7));
}

static void transcript(const words_t *self, act_buf_t *out)
{
    whole(out, json_pack("{s:s,s:{s:s,s:f}}", "text", text_at(self->step, "text", "what was said"),
                         "usage", "type", "duration", "seconds", 2.5));
}

// --- which ---------------------------------------------------------------------------------------

void words_answer(const words_t *self, act_buf_t *out)
{
    act_buf_t buffer;
    act_buf_init(&buffer, 4u << 20);
    add_text(self, &buffer);
    act_buf_add_char(&buffer, '\0');
    act_str_t text = act_str_of(buffer.ptr, buffer.len_bytes - 1);
    switch (self->dialect) {
    case WORDS_ANTHROPIC:
        (self->is_streaming ? anthropic_stream : anthropic_whole)(self, text, out);
        break;
    case WORDS_RESPONSES:
        if (self->is_streaming)
            responses_stream(self, text, out);
        else
            whole(out, responses_whole(self, text));
        break;
    case WORDS_COMPLETIONS:
        (self->is_streaming ? completions_stream : completions_whole)(self, text, out);
        break;
    case WORDS_GEMINI:
        (self->is_streaming ? gemini_stream : gemini_whole)(self, text, out);
        break;
    case WORDS_EMBEDDINGS:
    case WORDS_GEMINI_EMBEDDINGS:
        embeddings(self, out);
        break;
    case WORDS_TRANSCRIPT:
        transcript(self, out);
        break;
    case WORDS_NONE:
        break;
    }
    act_buf_fini(&buffer);
}
