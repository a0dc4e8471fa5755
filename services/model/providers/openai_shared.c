// openai_shared: usage, two small JSON bodies and a multipart form.
#include "providers/openai_shared.h"

#include "wire.h"

#include "base/id.h"

#include <inttypes.h>
#include <stdio.h>

// --- usage ---------------------------------------------------------------------------------------

void openai_shared_read_usage(reading_t *reading, const json_t *usage, const char *input,
                              const char *output)
{
    model_usage_t *sum = &reading->usage;
    char name[32];
    snprintf(name, sizeof name, "%s_details", input);
    const json_t *details = act_json_object(usage, name);
    if (!usage)
        return;
    sum->cache_read_tokens = reading_tokens(details, "cached_tokens");
    sum->cache_write_tokens = reading_tokens(details, "cache_write_tokens");
    sum->input_tokens =
        reading_tokens(usage, input) - sum->cache_read_tokens - sum->cache_write_tokens;
    if (sum->input_tokens < 0)
        sum->input_tokens = 0;
    sum->output_tokens = reading_tokens(usage, output);
}

// --- embeddings ----------------------------------------------------------------------------------

bool openai_shared_write_embed(writing_t *writing, const embed_request_t *request)
{
    act_buf_t *out = writing->body;
    wire_open(out, NULL, '{');
    wire_str(out, "model", writing->target->model);
    if (request->dimensions > 0 && target_can(writing->target, CAP_DIMENSIONS))
        wire_int(out, "dimensions", request->dimensions);
    wire_open(out, "input", '[');
    for (uint32_t i = 0; i < request->texts.count; i++)
        wire_str(out, NULL,
                 act_str_empty(request->texts.items[i]) ? ACT_STR(" ") : request->texts.items[i]);
    wire_close(out, ']');
    wire_close(out, '}');
    writing_to(writing, "/embeddings", NULL);
    return request->texts.count > 0;
}

bool openai_shared_read_embed(vectors_t *vectors, const json_t *body)
{
    const json_t *data = act_json_array(body, "data");
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *item = json_array_get(data, i);
        int64_t index = act_json_int(item, "index", (int64_t)i);
        if (index < 0 || index >= (int64_t)vectors->count ||
            !vectors_put_json(vectors, (uint32_t)index, json_object_get(item, "embedding")))
            return false;
    }
    vectors->usage.input_tokens = reading_tokens(act_json_object(body, "usage"), "prompt_tokens");
    return vectors->filled_count == vectors->count;
}

// --- transcription -------------------------------------------------------------------------------

// The extension decides for several servers what they think it is.
static const struct {
    const char *type;
    const char *name;
} files[] = {
    {"audio/ogg", "voice.ogg"},   {"audio/opus", "voice.ogg"},  {"audio/mpeg", "voice.mp3"},
    {"audio/mp4", "voice.m4a"},   {"audio/m4a", "voice.m4a"},   {"audio/aac", "voice.m4a"},
    {"audio/wav", "voice.wav"},   {"audio/webm", "voice.webm"}, {"audio/flac", "voice.flac"},
    {"audio/x-wav", "voice.wav"}, {"audio/x-m4a", "voice.m4a"},
};

static void add_part(act_buf_t *out, const char *boundary, const char *name, act_str_t value)
{
    act_buf_printf(out, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n", boundary,
                   name);
    act_buf_add_str(out, value);
    act_buf_add_str(out, ACT_STR("\r\n"));
}

static void write_form(writing_t *writing, const transcribe_request_t *request)
{
    act_buf_t *out = writing->body;
    act_str_t rest = request->mime_type;
    act_str_t type = act_str_trim(act_str_cut(&rest, ';')); // without codecs
    const char *name = "voice.ogg";
    char boundary[40];
    (void)snprintf(boundary, sizeof boundary, "parley%016" PRIx64 "%016" PRIx64, act_random_u64(),
                   act_random_u64());
    for (size_t i = 0; i < ACT_COUNT(files); i++)
        if (act_str_is(type, files[i].type))
            name = files[i].name;
    add_part(out, boundary, "model", writing->target->model);
    add_part(out, boundary, "response_format", ACT_STR("json"));
    if (request->language.len_bytes == 2)
        add_part(out, boundary, "language", request->language);
    act_buf_printf(out,
                   "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
                   "Content-Type: %s\r\n\r\n",
                   boundary, name, act_arena_str(writing->arena, type).ptr);
    act_buf_add_str(out, request->audio);
    act_buf_printf(out, "\r\n--%s--\r\n", boundary);
    writing->http.content_type =
        act_arena_printf(writing->arena, "multipart/form-data; boundary=%s", boundary).ptr;
}

static bool is_plain_type(act_str_t type)
{
    for (size_t i = 0; i < type.len_bytes; i++)
        if (type.ptr[i] < 0x20 || type.ptr[i] > 0x7e)
            return false;
    return act_str_starts_with(type, "audio/");
}

bool openai_shared_write_transcribe(writing_t *writing, const transcribe_request_t *request)
{
    if (!is_plain_type(request->mime_type))
        return false;
    write_form(writing, request);
    writing_to(writing, "/audio/transcriptions", NULL);
    return true;
}

bool openai_shared_read_transcribe(const json_t *body, act_arena_t *arena,
                                   transcribe_reply_t *ret_reply, model_usage_t *ret_usage)
{
    const json_t *usage = act_json_object(body, "usage");
    if (!json_is_string(json_object_get(body, "text")))
        return false;
    ret_reply->text = act_arena_str(
        arena, act_utf8_prefix(act_json_str(body, "text"), READING_TEXT_MAX_BYTES / 4));
    ret_usage->input_tokens = reading_tokens(usage, "input_tokens");
    ret_usage->output_tokens = reading_tokens(usage, "output_tokens");
    double seconds = json_number_value(json_object_get(usage, "seconds"));
    if (seconds > 0 && seconds < 86400)
        ret_usage->audio_ms = (int64_t)(seconds * 1000);
    return true;
}
