// model_providers_test: requests as the references want them, and answers of each dialect, whole and as a stream that
// is fed in pieces of every size and cut after every byte. The answers are model_sim's.
#include "provider.h"

#include "io/sse.h"
#include "sim/model_words.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    const provider_t *provider;
    const char *model;
    words_dialect_t dialect;
    const char *path;
} dialect_t;

static const dialect_t dialects[] = {
    {&provider_anthropic, "claude-haiku-5-5", WORDS_ANTHROPIC, "/v1/messages"},
    {&provider_openai, "gpt-6-luna", WORDS_RESPONSES, "/responses"},
    {&provider_openai_compatible, "qwen3", WORDS_COMPLETIONS, "/chat/completions"},
    {&provider_gemini, "gemini-3.8-flash", WORDS_GEMINI, ":streamGenerateContent?alt=sse"},
};

static target_t target_of(const dialect_t *dialect, const char *options)
{
    target_t target = {.model = act_str(dialect->model),
                       .base_url = ACT_STR("http://127.0.0.1:1"),
                       .api_key = ACT_STR("the-key"),
                       .identity = ACT_STR("me")};
    act_str_t bad;
    assert_true(
        caps_read(dialect->provider->name, target.model, act_str(options), &target.caps, &bad));
    return target;
}

// The request as JSON, yours.
static json_t *write_to(const dialect_t *dialect, const target_t *target,
                        const chat_request_t *request, bool is_streaming, act_arena_t *arena,
                        writing_t *ret_writing)
{
    act_buf_t body;
    json_t *root = NULL;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    *ret_writing =
        (writing_t){.target = target, .arena = arena, .body = &body, .is_streaming = is_streaming};
    assert_true(dialect->provider->write_chat(ret_writing, request));
    assert_int_equal(act_json_parse(act_buf_str(&body), &root, NULL, NULL), ACT_E_OK);
    act_buf_fini(&body);
    return root;
}

static const tool_card_t tool = {
    .name = ACT_STR_INIT("free_slots"),
    .description = ACT_STR_INIT("Free times of a day"),
    .input_schema =
        ACT_STR_INIT("{\"type\":\"object\",\"properties\":{\"day\":{\"type\":\"string\"}}}"),
};

static char *dump(const json_t *value)
{
    return json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
}

static void assert_has(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("no %s in %s", part, text ? text : "nothing");
}

static void assert_has_not(const char *text, const char *part)
{
    if (text && strstr(text, part))
        fail_msg("%s in %s", part, text);
}

// --- streams -------------------------------------------------------------------------------------

typedef struct {
    const provider_t *provider;
    reading_t *reading;
} hearing_t;

static void on_event(void *context, act_str_t name, act_str_t data)
{
    hearing_t *hearing = context;
    if (hearing->reading->fault.kind == FAULT_NONE)
        hearing->provider->read_event(hearing->reading, name, data);
}

static void read_stream(const dialect_t *dialect, act_str_t bytes, size_t step, act_arena_t *arena,
                        reading_t *reading)
{
    hearing_t hearing = {.provider = dialect->provider, .reading = reading};
    act_sse_t sse;
    act_sse_init(&sse, 1u << 20);
    reading_init(reading, arena);
    for (size_t at = 0; at < bytes.len_bytes; at += step) {
        size_t left_bytes = bytes.len_bytes - at;
        assert_int_equal(
            act_sse_feed(&sse, act_str_of(bytes.ptr + at, left_bytes < step ? left_bytes : step),
                         on_event, &hearing),
            ACT_E_OK);
    }
    act_sse_fini(&sse);
}

// A stream of the simulator.
static void stream_of(const dialect_t *dialect, const char *step_json, act_buf_t *out)
{
    json_t *step = json_loads(step_json, 0, NULL);
    json_t *request = json_pack("{s:[{s:s}]}", "messages", "content", "hi");
    assert_non_null(step);
    act_buf_init(out, 4u << 20);
    words_answer(
        &(words_t){
            .dialect = dialect->dialect, .is_streaming = true, .request = request, .step = step},
        out);
    json_decref(step);
    json_decref(request);
}

#define TEXT_STEP "{\"text\":\"Grüß Gott, it costs 5 €. \\ud83d\\ude00\",\"usage\":{\"input\":41,\"cached\":3,\"output\":38}}"
#define TOOL_STEP                                                                                  \
    "{\"text\":\"Let me look.\",\"tools\":[{\"name\":\"free_slots\",\"arguments\":{\"day\":\"2026-12-01\"}}," \
    "{\"name\":\"prices\"}]}"

static void streams_in_pieces_of_every_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(dialects); i++) {
        act_buf_t stream;
        stream_of(&dialects[i], TEXT_STEP, &stream);
        for (size_t step = 1; step < 80; step += step < 12 ? 1 : 13) {
            ACT_AUTO(act_arena) *arena = act_arena_new();
            reading_t reading;
            chat_message_t message;
            read_stream(&dialects[i], act_buf_str(&stream), step, arena, &reading);
            assert_int_equal(reading.fault.kind, FAULT_NONE);
            assert_true(reading.is_whole);
            assert_int_equal(reading.stop, STOP_END);
            assert_int_equal(reading.usage.input_tokens, 41);
            assert_int_equal(reading.usage.cache_read_tokens, 3);
            assert_int_equal(reading.usage.output_tokens, 38);
            assert_int_equal(reading_finish(&reading, ACT_STR("me"), &message), ACT_E_OK);
            assert_true(act_str_is(message.text, "Grüß Gott, it costs 5 €. 😀"));
            assert_true(act_str_is(message.raw_by, "me"));
            reading_fini(&reading);
        }
        act_buf_fini(&stream);
    }
}

// A stream that ends after any byte is never taken for a whole answer, unless all but its very end came;
// what was read before is a beginning of the text.
static void a_cut_stream_is_no_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(dialects); i++) {
        act_buf_t stream;
        stream_of(&dialects[i], TEXT_STEP, &stream);
        act_str_t whole_text = ACT_STR("Grüß Gott, it costs 5 €. 😀");
        for (size_t cut = 0; cut <= stream.len_bytes; cut++) {
            ACT_AUTO(act_arena) *arena = act_arena_new();
            reading_t reading;
            read_stream(&dialects[i], act_str_of(stream.ptr, cut), 7, arena, &reading);
            act_str_t text = act_buf_str(&reading.text);
            assert_int_equal(reading.fault.kind, FAULT_NONE);
            assert_true(text.len_bytes <= whole_text.len_bytes);
            if (text.len_bytes > 0)
                assert_memory_equal(text.ptr, whole_text.ptr, text.len_bytes);
            assert_true(!reading.is_whole || text.len_bytes == whole_text.len_bytes);
            assert_true(cut < stream.len_bytes || reading.is_whole);
            reading_fini(&reading);
        }
        act_buf_fini(&stream);
    }
}

static void an_error_in_the_stream_is_a_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(dialects); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        act_buf_t stream;
        reading_t reading;
        stream_of(&dialects[i], "{\"text\":\"half an ans\",\"fault_after_text\":true}", &stream);
        read_stream(&dialects[i], act_buf_str(&stream), 11, arena, &reading);
        assert_int_equal(reading.fault.kind, FAULT_AGAIN);
        assert_false(reading.is_whole);
        reading_fini(&reading);
        act_buf_fini(&stream);
    }
}

// --- the tool loop -------------------------------------------------------------------------------

// Calls come, streamed and whole alike; the next request replays what the model wrote as it was, and the
// simulator, as strict as the real ones, takes it. Another model gets the neutral form.
static void tools_go_round(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(dialects); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        act_buf_t stream;
        reading_t reading;
        chat_message_t turn;
        writing_t writing;
        target_t target = target_of(&dialects[i], "");
        stream_of(&dialects[i], TOOL_STEP, &stream);
        read_stream(&dialects[i], act_buf_str(&stream), 5, arena, &reading);
        assert_int_equal(reading.stop, STOP_TOOLS);
        assert_int_equal(reading_finish(&reading, target.identity, &turn), ACT_E_OK);
        assert_int_equal(turn.tool_calls.count, 2);
        assert_true(act_str_is(turn.tool_calls.items[0].name, "free_slots"));
        assert_true(act_str_is(turn.tool_calls.items[0].arguments, "{\"day\":\"2026-12-01\"}"));
        assert_true(act_str_is(turn.tool_calls.items[1].arguments, "{}"));
        assert_false(turn.tool_calls.items[0].is_malformed);
        const tool_result_t results[] = {
            {.call_id = turn.tool_calls.items[0].id, .content = ACT_STR("10:00")},
            {.call_id = turn.tool_calls.items[1].id, .content = ACT_STR("away"), .is_error = true}};
        const chat_message_t messages[] = {
            {.role = ACT_STR("user"), .text = ACT_STR("when?")},
            turn,
            {.role = ACT_STR("tool"), .tool_results = {.items = results, .count = 2}}};
        const chat_request_t request = {.role = ACT_STR("agent"),
                                        .messages = {.items = messages, .count = 3},
                                        .tools = {.items = &tool, .count = 1}};
        for (int own = 0; own < 2; own++) {
            target.identity = own ? ACT_STR("me") : ACT_STR("another");
            json_t *body = write_to(&dialects[i], &target, &request, true, arena, &writing);
            words_t words = {.dialect = dialects[i].dialect, .request = body};
            char *text = dump(body);
            bool is_gemini = dialects[i].dialect == WORDS_GEMINI;
            const char *refusal = words_refusal(&words, "2026-10-21");
            if (own || !is_gemini)
                assert_null(refusal);
            json_t *raw = json_loadb(turn.raw.ptr, turn.raw.len_bytes, 0, NULL);
            char *raw_text =
                dump(json_is_array(raw) ? json_array_get(raw, json_array_size(raw) - 1) : raw);
            if (own)
                assert_has(text, raw_text);
            assert_has(text, "10:00");
            assert_has(text, "away");
            free(raw_text);
            free(text);
            json_decref(raw);
            json_decref(body);
        }
        reading_fini(&reading);
        act_buf_fini(&stream);
    }
}

static void whole_answers_are_read_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(dialects); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        json_t *step = json_loads(TOOL_STEP, 0, NULL);
        json_t *body = NULL;
        act_buf_t out;
        reading_t reading;
        chat_message_t turn;
        act_buf_init(&out, 1u << 20);
        words_answer(&(words_t){.dialect = dialects[i].dialect, .step = step}, &out);
        assert_int_equal(act_json_parse(act_buf_str(&out), &body, NULL, NULL), ACT_E_OK);
        reading_init(&reading, arena);
        dialects[i].provider->read_body(&reading, body);
        assert_true(reading.is_whole);
        assert_int_equal(reading.stop, STOP_TOOLS);
        assert_int_equal(reading_finish(&reading, ACT_STR("me"), &turn), ACT_E_OK);
        assert_true(act_str_is(turn.text, "Let me look."));
        assert_int_equal(turn.tool_calls.count, 2);
        assert_true(act_str_is(turn.tool_calls.items[0].arguments, "{\"day\":\"2026-12-01\"}"));
        reading_fini(&reading);
        json_decref(body);
        json_decref(step);
        act_buf_fini(&out);
    }
}

static void arguments_that_are_no_json_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) { // Gemini's are objects
        ACT_AUTO(act_arena) *arena = act_arena_new();
        act_buf_t stream;
        reading_t reading;
        chat_message_t turn;
        stream_of(&dialects[i],
                  "{\"tools\":[{\"name\":\"x\"}],\"arguments_text\":\"{\\\"day\\\": tomor\"}",
                  &stream);
        read_stream(&dialects[i], act_buf_str(&stream), 3, arena, &reading);
        assert_int_equal(reading_finish(&reading, ACT_STR("me"), &turn), ACT_E_OK);
        assert_int_equal(turn.tool_calls.count, 1);
        assert_true(turn.tool_calls.items[0].is_malformed);
        reading_fini(&reading);
        act_buf_fini(&stream);
    }
}

static void stops_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *step;
        stop_t stop;
    } rows[] = {{"{\"text\":\"a\",\"stop\":\"length\"}", STOP_LENGTH},
                {"{\"text\":\"a\",\"stop\":\"refused\"}", STOP_REFUSED}};
    for (size_t i = 0; i < ACT_COUNT(dialects); i++) {
        for (size_t j = 0; j < ACT_COUNT(rows); j++) {
            ACT_AUTO(act_arena) *arena = act_arena_new();
            act_buf_t stream;
            reading_t reading;
            stream_of(&dialects[i], rows[j].step, &stream);
            read_stream(&dialects[i], act_buf_str(&stream), 64, arena, &reading);
            assert_int_equal(reading.stop, rows[j].stop);
            reading_fini(&reading);
            act_buf_fini(&stream);
        }
    }
}

// --- requests ------------------------------------------------------------------------------------

// What breaks a client written from memory: parameters that a model refuses are left out.
static void parameters_follow_capabilities(void **state)
{
    (void)state;
    static const struct {
        size_t dialect;
        const char *model;
        const char *options;
        const char *has;     // NULL: nothing special
        const char *has_not; // the same
    } rows[] = {
        {0, "claude-haiku-5-5", "", "\"output_config\":{\"effort\":\"low\"", "temperature"},
        {0, "claude-haiku-5-5", "", "\"cache_control\":{\"type\":\"ephemeral\"}", "budget_tokens"},
        {0, "claude-sonnet-5-5", "", NULL, "tool_choice"},
        {0, "claude-haiku-5-5", "", "\"tool_choice\":{\"type\":\"any\"}", NULL},
        {0, "claude-haiku-4-5", "temperature", "\"temperature\":0.5", "effort"},
        {1, "gpt-6-luna", "", "\"reasoning\":{\"effort\":\"low\"}", "temperature"},
        {1, "gpt-6-luna", "", "\"store\":false", "messages"},
        {1, "gpt-6-luna", "", "\"include\":[\"reasoning.encrypted_content\"]", NULL},
        {2, "qwen3", "", "\"max_tokens\":", "max_completion_tokens"},
        {2, "qwen3", "", "\"temperature\":0.5", "reasoning_effort"},
        {2, "gpt-5.4-mini", "",
         "\"max_completion_tokens\":", "reasoning_effort"}, // tools with it: 400
        {2, "qwen3", "-tools,-stream_usage", NULL, "free_slots"},
        {2, "qwen3", "-stream_usage", NULL, "stream_options"},
        {3, "gemini-3.8-flash", "", "\"thinkingConfig\":{\"thinkingLevel\":\"low\"}", NULL},
        {3, "gemini-2.5-flash", "", "\"mode\":\"ANY\"", "thinkingConfig"},
        {3, "gemini-3.8-flash", "", "\"parametersJsonSchema\":{", "\"parameters\":"},
    };
    const chat_message_t message = {.role = ACT_STR("user"), .text = ACT_STR("when?")};
    const chat_request_t request = {.role = ACT_STR("agent"),
                                    .system = ACT_STR("You book."),
                                    .messages = {.items = &message, .count = 1},
                                    .tools = {.items = &tool, .count = 1},
                                    .tool_choice = ACT_STR("required"),
                                    .effort = ACT_STR("low"),
                                    .has_temperature = true,
                                    .temperature_milli = 500};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        writing_t writing;
        dialect_t dialect = dialects[rows[i].dialect];
        dialect.model = rows[i].model;
        target_t target = target_of(&dialect, rows[i].options);
        json_t *body = write_to(&dialect, &target, &request, true, arena, &writing);
        char *text = dump(body);
        words_t words = {.dialect = dialect.dialect, .request = body};
        if (rows[i].has)
            assert_has(text, rows[i].has);
        if (rows[i].has_not)
            assert_has_not(text, rows[i].has_not);
        if (strcmp(rows[i].options, "temperature") != 0)
            assert_null(words_refusal(&words, "2026-10-21"));
        assert_has(writing.http.url, dialect.path);
        free(text);
        json_decref(body);
    }
}

// Callers of the same bytes get the same bytes, in the same order: providers cache beginnings.
static void schemas_are_written_in_order(void **state)
{
    (void)state;
    const chat_message_t message = {.role = ACT_STR("user"), .text = ACT_STR("x")};
    for (size_t i = 0; i < ACT_COUNT(dialects); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        target_t target = target_of(&dialects[i], "");
        char *texts[2];
        const char *schemas[] = {"{\"type\":\"object\",\"required\":[\"a\"]}",
                                 "{ \"required\" : [ \"a\" ], \"type\" : \"object\" }"};
        for (int j = 0; j < 2; j++) {
            act_buf_t body;
            act_buf_init(&body, 65536);
            writing_t writing = {.target = &target, .arena = arena, .body = &body};
            chat_request_t request = {.messages = {.items = &message, .count = 1},
                                      .output_schema = act_str(schemas[j])};
            assert_true(dialects[i].provider->write_chat(&writing, &request));
            act_buf_add_char(&body, '\0');
            texts[j] = strdup(body.ptr);
            act_buf_fini(&body);
        }
        assert_string_equal(texts[0], texts[1]);
        assert_has(texts[0], "{\"required\":[\"a\"],\"type\":\"object\"}");
        free(texts[0]);
        free(texts[1]);
        act_buf_t body;
        act_buf_init(&body, 65536);
        writing_t writing = {.target = &target, .arena = arena, .body = &body};
        chat_request_t bad = {.messages = {.items = &message, .count = 1},
                              .output_schema = ACT_STR("[no object]")};
        assert_false(dialects[i].provider->write_chat(&writing, &bad));
        act_buf_fini(&body);
    }
}

// The key goes where the API wants it, and nowhere else.
static void keys_go_into_headers_only(void **state)
{
    (void)state;
    static const char *const headers[] = {"x-api-key: the-key", NULL, NULL,
                                          "x-goog-api-key: the-key"};
    const chat_message_t message = {.role = ACT_STR("user"), .text = ACT_STR("x")};
    const chat_request_t request = {.messages = {.items = &message, .count = 1}};
    for (size_t i = 0; i < ACT_COUNT(dialects); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        writing_t writing;
        target_t target = target_of(&dialects[i], "");
        json_t *body = write_to(&dialects[i], &target, &request, false, arena, &writing);
        char *text = dump(body);
        assert_has_not(text, "the-key");
        assert_has_not(writing.http.url, "the-key");
        if (headers[i])
            assert_string_equal(writing.headers[0], headers[i]);
        else
            assert_string_equal(writing.http.bearer_token, "the-key");
        free(text);
        json_decref(body);
    }
}

// --- embeddings, transcripts ---------------------------------------------------------------------

static void embeddings_have_length_one(void **state)
{
    (void)state;
    static const struct {
        const provider_t *provider;
        words_dialect_t dialect;
    } rows[] = {{&provider_openai, WORDS_EMBEDDINGS}, {&provider_gemini, WORDS_GEMINI_EMBEDDINGS}};
    const act_str_t texts[] = {ACT_STR("one"), ACT_STR("two"), ACT_STR("three")};
    const embed_request_t request = {.texts = {.items = texts, .count = 3}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        act_buf_t body, out;
        json_t *asked = NULL, *answer = NULL;
        embedding_t items[3] = {0};
        vectors_t vectors = {.arena = arena, .items = items, .count = 3};
        dialect_t dialect = {.provider = rows[i].provider, .model = "m"};
        target_t target = target_of(&dialect, "");
        act_buf_init(&body, 65536);
        act_buf_init(&out, 65536);
        writing_t writing = {.target = &target, .arena = arena, .body = &body};
        assert_true(rows[i].provider->write_embed(&writing, &request));
        assert_int_equal(act_json_parse(act_buf_str(&body), &asked, NULL, NULL), ACT_E_OK);
        words_answer(&(words_t){.dialect = rows[i].dialect, .request = asked}, &out);
        assert_int_equal(act_json_parse(act_buf_str(&out), &answer, NULL, NULL), ACT_E_OK);
        assert_true(rows[i].provider->read_embed(&vectors, answer));
        assert_int_equal(vectors.dimensions, 8);
        float before = 0;
        for (size_t j = 0; j < 3; j++) {
            float numbers[8];
            double sum = 0;
            memcpy(numbers, items[j].vector.ptr, sizeof numbers);
            for (size_t k = 0; k < 8; k++)
                sum += (double)numbers[k] * (double)numbers[k];
            assert_true(fabs(sum - 1) < 1e-5);
            assert_true(numbers[0] > before); // in the order of the texts
            before = numbers[0];
        }
        vectors_t fewer = {.arena = arena, .items = items, .count = 2};
        assert_false(rows[i].provider->read_embed(&fewer, answer));
        json_decref(asked);
        json_decref(answer);
        act_buf_fini(&body);
        act_buf_fini(&out);
    }
}

static void voice_notes_are_files_with_the_right_name(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_buf_t body;
    target_t target = target_of(&dialects[1], "");
    transcribe_request_t request = {.audio = ACT_STR("OggS\0binary"),
                                    .mime_type = ACT_STR("audio/ogg; codecs=opus"),
                                    .language = ACT_STR("fr")};
    act_buf_init(&body, 65536);
    writing_t writing = {.target = &target, .arena = arena, .body = &body};
    assert_true(provider_openai.write_transcribe(&writing, &request));
    assert_true(memmem(body.ptr, body.len_bytes, "OggS\0binary", 11) != NULL);
    assert_true(memmem(body.ptr, body.len_bytes,
                       "filename=\"voice.ogg\"\r\nContent-Type: audio/ogg\r\n", 46) != NULL);
    assert_has(writing.http.content_type, "multipart/form-data; boundary=");
    request.mime_type = ACT_STR("audio/ogg\r\nX-Evil: 1");
    assert_false(provider_openai.write_transcribe(&writing, &request));
    act_buf_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_in_pieces_of_every_size),
        cmocka_unit_test(a_cut_stream_is_no_answer),
        cmocka_unit_test(an_error_in_the_stream_is_a_fault),
        cmocka_unit_test(tools_go_round),
        cmocka_unit_test(whole_answers_are_read_alike),
        cmocka_unit_test(arguments_that_are_no_json_are_named),
        cmocka_unit_test(stops_are_named),
        cmocka_unit_test(parameters_follow_capabilities),
        cmocka_unit_test(schemas_are_written_in_order),
        cmocka_unit_test(keys_go_into_headers_only),
        cmocka_unit_test(embeddings_have_length_one),
        cmocka_unit_test(voice_notes_are_files_with_the_right_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
