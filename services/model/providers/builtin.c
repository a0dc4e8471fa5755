// builtin: no network and no model. Deterministic, and honest about what it is: a chat answer is the
// sentences of what it was given (system text and tool results) that share the most words with the
// question; without any it says nothing. A summary is the first sentence of each turn. With a schema it
// writes the smallest object that has the required properties. Embeddings are hashed words and
// three-letter pieces of words: texts that share words are near each other, whatever the language.
#include "provider.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#define SENTENCES_MAX_COUNT 256
#define ANSWER_SENTENCES_COUNT 2
#define WORDS_MAX_COUNT 64
#define WORD_MIN_BYTES 3
#define DIMENSIONS 256
#define SUMMARY_MAX_BYTES 1200

typedef struct {
    act_str_t text;
    uint32_t score;
} sentence_t;

// --- words and sentences -------------------------------------------------------------------------

static bool is_word_byte(char c)
{
    unsigned char byte = (unsigned char)c;
    return ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || (byte >= '0' && byte <= '9') ||
           byte >= 0x80;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

// The next word of the text, which is cut from its beginning. False: there is none.
static bool next_word(act_str_t *rest, act_str_t *ret_word)
{
    size_t at = 0;
    while (at < rest->len_bytes && !is_word_byte(rest->ptr[at]))
        at++;
    size_t end = at;
    while (end < rest->len_bytes && is_word_byte(rest->ptr[end]))
        end++;
    *ret_word = act_str_of(rest->ptr + at, end - at);
    *rest = act_str_of(rest->ptr + end, rest->len_bytes - end);
    return end > at;
}

static uint64_t hash_of(act_str_t word)
{
    char text[64];
    size_t len_bytes = word.len_bytes < sizeof text ? word.len_bytes : sizeof text;
    for (size_t i = 0; i < len_bytes; i++)
        text[i] = lower(word.ptr[i]);
    return act_str_hash(act_str_of(text, len_bytes), /* seed= */ 0);
}

static bool is_end(act_str_t text, size_t at)
{
    return text.ptr[at] == '\n' ||
           (strchr(".!?", text.ptr[at]) && text.ptr[at] != '\0' &&
            (at + 1 == text.len_bytes || text.ptr[at + 1] == ' ' || text.ptr[at + 1] == '\n'));
}

static act_str_t next_sentence(act_str_t *rest)
{
    size_t end = 0;
    while (end < rest->len_bytes && !is_end(*rest, end))
        end++;
    if (end < rest->len_bytes)
        end++;
    act_str_t sentence = act_str_trim(act_str_of(rest->ptr, end));
    *rest = act_str_of(rest->ptr + end, rest->len_bytes - end);
    return sentence;
}

// --- answers -------------------------------------------------------------------------------------

static uint32_t words_of(act_str_t text, uint64_t words[WORDS_MAX_COUNT])
{
    uint32_t count = 0;
    act_str_t word;
    while (count < WORDS_MAX_COUNT && next_word(&text, &word))
        if (word.len_bytes >= WORD_MIN_BYTES)
            words[count++] = hash_of(word);
    return count;
}

static uint32_t score_of(act_str_t sentence, const uint64_t *words, uint32_t words_count)
{
    uint32_t score = 0;
    act_str_t word;
    while (next_word(&sentence, &word)) {
        uint64_t hash = hash_of(word);
        for (uint32_t i = 0; i < words_count; i++)
            score += word.len_bytes >= WORD_MIN_BYTES && words[i] == hash;
    }
    return score;
}

static uint32_t add_sentences(act_str_t text, sentence_t *sentences, uint32_t count)
{
    while (text.len_bytes > 0 && count < SENTENCES_MAX_COUNT) {
        act_str_t sentence = next_sentence(&text);
        if (!act_str_empty(sentence))
            sentences[count++] = (sentence_t){.text = sentence};
    }
    return count;
}

static act_str_t last_of(const chat_request_t *request, const char *role)
{
    for (uint32_t i = request->messages.count; i > 0; i--)
        if (act_str_is(request->messages.items[i - 1].role, role))
            return request->messages.items[i - 1].text;
    return ACT_STR("");
}

static void extract(reading_t *reading, const chat_request_t *request)
{
    sentence_t *sentences =
        act_arena_alloc_array(reading->arena, SENTENCES_MAX_COUNT, sizeof *sentences);
    uint64_t words[WORDS_MAX_COUNT];
    uint32_t words_count = words_of(last_of(request, "user"), words);
    uint32_t count = add_sentences(request->system, sentences, 0);
    for (uint32_t i = 0; i < request->messages.count; i++)
        for (uint32_t j = 0; j < request->messages.items[i].tool_results.count; j++)
            count = add_sentences(request->messages.items[i].tool_results.items[j].content,
                                  sentences, count);
    for (uint32_t i = 0; i < count; i++)
        sentences[i].score = score_of(sentences[i].text, words, words_count);
    for (uint32_t taken = 0; taken < ANSWER_SENTENCES_COUNT; taken++) {
        sentence_t *best = NULL;
        for (uint32_t i = 0; i < count; i++)
            if (sentences[i].score > 0 && (!best || sentences[i].score > best->score))
                best = &sentences[i];
        if (!best)
            return;
        if (taken > 0)
            reading_add_text(reading, ACT_STR(" "));
        reading_add_text(reading, best->text);
        best->score = 0;
    }
}

static void summarise(reading_t *reading, const chat_request_t *request)
{
    for (uint32_t i = 0; i < request->messages.count; i++) {
        act_str_t rest = request->messages.items[i].text;
        act_str_t first = act_utf8_prefix(next_sentence(&rest), 160);
        if (act_str_empty(first) || reading->text.len_bytes + first.len_bytes > SUMMARY_MAX_BYTES)
            continue;
        if (reading->text.len_bytes > 0)
            reading_add_text(reading, ACT_STR("\n"));
        reading_add_text(reading, act_arena_printf(reading->arena, "%" ACT_STR_FMT ": ",
                                                   ACT_STR_ARG(request->messages.items[i].role)));
        reading_add_text(reading, first);
    }
}

// --- an instance of a schema ---------------------------------------------------------------------

static void write_instance(act_buf_t *out, const char *key, const json_t *schema, int depth);

static void write_properties(act_buf_t *out, const json_t *schema, int depth)
{
    const json_t *properties = act_json_object(schema, "properties");
    const json_t *required = act_json_array(schema, "required");
    for (size_t i = 0; i < json_array_size(required); i++) {
        const char *name = json_string_value(json_array_get(required, i));
        if (name && json_object_get(properties, name) && !strpbrk(name, "\"\\"))
            write_instance(out, name, json_object_get(properties, name), depth + 1);
    }
}

static void write_instance(act_buf_t *out, const char *key, const json_t *schema, int depth)
{
    static const struct {
        const char *type;
        const char *json;
    } rows[] = {{"string", "\"\""},   {"integer", "0"}, {"number", "0"},
                {"boolean", "false"}, {"array", "[]"},  {"null", "null"}};
    const json_t *choice = json_array_get(act_json_array(schema, "enum"), 0);
    if (choice) {
        char *text = json_dumps(choice, JSON_COMPACT | JSON_ENCODE_ANY);
        wire_raw(out, key, act_str(text));
        free(text); // jansson's
        return;
    }
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        if (!act_str_is(act_json_str(schema, "type"), rows[i].type))
            continue;
        wire_raw(out, key, act_str(rows[i].json));
        return;
    }
    wire_open(out, key, '{');
    if (depth < 16)
        write_properties(out, schema, depth);
    wire_close(out, '}');
}

static void instantiate(reading_t *reading, act_str_t text)
{
    json_t *schema = NULL;
    if (act_json_parse(text, &schema, NULL, NULL) != ACT_E_OK) {
        reading_fail(reading, FAULT_NEXT, "the schema is no JSON");
        return;
    }
    write_instance(&reading->text, NULL, schema, 0);
    json_decref(schema);
}

static void answer_chat(reading_t *reading, const chat_request_t *request)
{
    if (!act_str_empty(request->output_schema))
        instantiate(reading, request->output_schema);
    else if (act_str_is(request->role, "summarise"))
        summarise(reading, request);
    else if (act_str_is(request->role, "translate"))
        reading_add_text(reading, last_of(request, "user")); // as it is
    else
        extract(reading, request);
    reading->stop = STOP_END;
    reading->is_whole = true;
}

// --- embeddings ----------------------------------------------------------------------------------

static void count_in(float numbers[DIMENSIONS], act_str_t piece, float weight)
{
    uint64_t hash = hash_of(piece) * 0x9e3779b97f4a7c15u; // FNV's low bits alone are weak
    numbers[(hash >> 32) % DIMENSIONS] += hash >> 63 ? weight : -weight;
}

static void embed_text(float numbers[DIMENSIONS], act_str_t text)
{
    act_str_t word;
    while (next_word(&text, &word)) {
        count_in(numbers, word, 1.0f);
        for (size_t at = 0; at + 3 <= word.len_bytes && at < 32; at++)
            count_in(numbers, act_str_of(word.ptr + at, 3), 0.4f);
    }
}

static void answer_embed(vectors_t *vectors, const embed_request_t *request)
{
    for (uint32_t i = 0; i < request->texts.count; i++) {
        float numbers[DIMENSIONS] = {0};
        embed_text(numbers, request->texts.items[i]);
        if (!vectors_put(vectors, i, numbers, DIMENSIONS)) {
            numbers[0] = 1; // no word in it
            (void)vectors_put(vectors, i, numbers, DIMENSIONS);
        }
    }
}

const provider_t provider_builtin = {
    .name = "builtin",
    .base_url = "",
    .answer_chat = answer_chat,
    .answer_embed = answer_embed,
};
