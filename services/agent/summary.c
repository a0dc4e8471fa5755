// summary: writing the question, reading the answer.
#include "summary.h"

#include "facts.h"
#include "io/json.h"
#include "prompts.h"
#include "turn/json_answer.h"

#include <inttypes.h>
#include <string.h>

#define SUMMARY_MAX_CHARS 2000
#define LINES_MAX_BYTES (32u << 10)
#define QUESTION_MAX_BYTES (256u << 10)
#define OUTPUT_TOKENS 1500
// Facts of one call (proto/persistence.proto: 64).
#define RULES_MAX_COUNT 16
#define CLAIMS_MAX_COUNT 32

// --- the question --------------------------------------------------------------------------------

bool summary_cut(list_unsummarised_reply_t *read)
{
    size_t bytes_count = 0;
    uint32_t count = 0;
    while (count < read->lines.count &&
           (count == 0 || bytes_count + read->lines.items[count].text.len_bytes <= LINES_MAX_BYTES))
        bytes_count += read->lines.items[count++].text.len_bytes;
    bool is_cut = count < read->lines.count;
    read->lines.count = count;
    return is_cut;
}

static act_str_t finish(act_arena_t *arena, act_buf_t *text)
{
    act_str_t copy = act_arena_str(arena, act_buf_str(text));
    act_buf_fini(text);
    return copy;
}

static act_str_t types_text(act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    for (const fact_type_t *type = fact_types; type->name; type++)
        act_buf_printf(&out, "%s- `%s`: %s", type == fact_types ? "" : "\n", type->name,
                       type->meaning);
    return finish(arena, &out);
}

static act_str_t system_text(const list_prompts_reply_t *own, act_str_t language,
                             act_arena_t *arena)
{
    act_str_t version;
    act_str_t text = prompts_choose(own, "summarise", arena, &version);
    const prompt_value_t values[] = {
        {"language", act_str_empty(language) ? ACT_STR("en") : language},
        {"fact_types", types_text(arena)},
    };
    return prompts_fill(arena, text, values, ACT_COUNT(values));
}

static act_str_t schema_text(act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    act_buf_printf(&out, "{\"type\":\"object\",\"additionalProperties\":false,"
                         "\"required\":[\"summary\",\"facts\"],\"properties\":{"
                         "\"summary\":{\"type\":\"string\"},\"facts\":{\"type\":\"array\","
                         "\"items\":{\"type\":\"object\",\"additionalProperties\":false,"
                         "\"required\":[\"type\",\"value\",\"line\",\"confidence_pct\"],"
                         "\"properties\":{\"type\":{\"type\":\"string\",\"enum\":[");
    for (const fact_type_t *type = fact_types; type->name; type++)
        act_buf_printf(&out, "%s\"%s\"", type == fact_types ? "" : ",", type->name);
    act_buf_printf(&out, "]},\"value\":{\"type\":\"string\"},\"line\":{\"type\":\"integer\"},"
                         "\"confidence_pct\":{\"type\":\"integer\"}}}}}}");
    return finish(arena, &out);
}

static act_str_t lines_text(const list_unsummarised_reply_t *read, act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, QUESTION_MAX_BYTES);
    act_buf_printf(&out, "{\"summary\":");
    act_json_quote(read->summary, &out);
    act_buf_printf(&out, ",\"lines\":[");
    for (uint32_t i = 0; i < read->lines.count; i++) {
        act_buf_printf(&out, "%s{\"line\":%u,\"author\":", i > 0 ? ",\n" : "", i + 1);
        act_json_quote(read->lines.items[i].author, &out);
        act_buf_printf(&out, ",\"text\":");
        act_json_quote(read->lines.items[i].text, &out);
        act_buf_printf(&out, "}");
    }
    act_buf_printf(&out, "]}");
    return finish(arena, &out);
}

static void ask(act_str_t conversation_id, const chat_message_t *messages, uint32_t count,
                chat_request_t *ret_request)
{
    *ret_request = (chat_request_t){
        .role = ACT_STR("summarise"),
        .conversation_id = conversation_id,
        .messages = {messages, count},
        .max_output_tokens = OUTPUT_TOKENS,
        .effort = ACT_STR("low"),
    };
}

void summary_ask(const list_unsummarised_reply_t *read, const list_prompts_reply_t *own,
                 act_str_t conversation_id, act_arena_t *arena, chat_request_t *ret_request)
{
    chat_message_t *message = act_arena_alloc(arena, sizeof *message);
    *message = (chat_message_t){.role = ACT_STR("user"), .text = lines_text(read, arena)};
    ask(conversation_id, message, 1, ret_request);
    ret_request->system = system_text(own, read->language, arena);
    ret_request->output_schema = schema_text(arena);
}

void summary_ask_plainly(const list_unsummarised_reply_t *read, act_str_t conversation_id,
                         act_arena_t *arena, chat_request_t *ret_request)
{
    uint32_t count = read->lines.count;
    chat_message_t *messages = act_arena_alloc_array(arena, count + 1, sizeof *messages);
    for (uint32_t i = 0; i < count; i++) {
        const memory_line_t *line = &read->lines.items[i];
        bool is_customer = act_str_is(line->author, "customer");
        messages[i] = (chat_message_t){.role = is_customer ? ACT_STR("user") : ACT_STR("assistant"),
                                       .text = line->text};
    }
    ask(conversation_id, messages, count, ret_request);
}

// --- the answer ----------------------------------------------------------------------------------

// Up to the last line of each side.
static put_memory_request_t put_of(const list_unsummarised_reply_t *read)
{
    put_memory_request_t put = {.made_from = read->version};
    for (uint32_t i = 0; i < read->lines.count; i++) {
        const memory_line_t *line = &read->lines.items[i];
        put.inbox_seq = line->inbox_seq > put.inbox_seq ? line->inbox_seq : put.inbox_seq;
        put.outbox_seq = line->outbox_seq > put.outbox_seq ? line->outbox_seq : put.outbox_seq;
    }
    return put;
}

// Control characters become blanks: a summary is text and has no other form.
static act_str_t plain(act_str_t text, act_arena_t *arena)
{
    text = act_utf8_prefix(act_str_trim(text), SUMMARY_MAX_CHARS);
    char *copy = act_arena_alloc(arena, text.len_bytes + 1);
    for (size_t i = 0; i < text.len_bytes; i++) {
        char c = text.ptr[i];
        copy[i] = (c >= 0 && c < ' ' && c != '\n') || c == 0x7f ? ' ' : c;
    }
    return act_str_of(copy, text.len_bytes);
}

static bool is_claim(const json_t *value)
{
    return json_is_string(json_object_get(value, "type")) &&
           json_is_string(json_object_get(value, "value")) &&
           json_is_integer(json_object_get(value, "line")) &&
           json_is_integer(json_object_get(value, "confidence_pct"));
}

static bool is_instance(const json_t *root)
{
    const json_t *facts = act_json_array(root, "facts");
    if (!json_is_object(root) || !json_is_string(json_object_get(root, "summary")) || !facts)
        return false;
    for (size_t i = 0; i < json_array_size(facts); i++)
        if (!is_claim(json_array_get(facts, i)))
            return false;
    return true;
}

static new_fact_t *facts_by_rules(const list_unsummarised_reply_t *read, act_arena_t *arena,
                                  uint32_t *ret_count)
{
    new_fact_t *facts =
        act_arena_alloc_array(arena, RULES_MAX_COUNT + CLAIMS_MAX_COUNT, sizeof *facts);
    *ret_count = facts_find(read->lines.items, read->lines.count, arena, facts, RULES_MAX_COUNT);
    return facts;
}

static void take_facts(const list_unsummarised_reply_t *read, const json_t *claims,
                       act_arena_t *arena, summary_t *summary)
{
    uint32_t count = 0;
    new_fact_t *facts = facts_by_rules(read, arena, &count);
    for (size_t i = 0; i < json_array_size(claims) && i < CLAIMS_MAX_COUNT; i++) {
        const json_t *row = json_array_get(claims, i);
        const fact_claim_t claim = {
            .type = act_json_str(row, "type"),
            .value = act_json_str(row, "value"),
            .line = act_json_int(row, "line", 0),
            .confidence_pct = act_json_int(row, "confidence_pct", 0),
        };
        if (fact_check(read->lines.items, read->lines.count, &claim, &facts[count]))
            summary->refused_count++;
        else
            count++;
    }
    summary->put.facts.items = facts;
    summary->put.facts.count = count;
}

bool summary_take(const list_unsummarised_reply_t *read, act_str_t answer, act_arena_t *arena,
                  summary_t *ret_summary, act_buf_t *error)
{
    json_t *root = NULL;
    *ret_summary = (summary_t){.put = put_of(read)};
    if (act_json_answer_read(answer, NULL, &root, error) != ACT_E_OK)
        return false;
    bool is_ok = is_instance(root);
    if (is_ok) {
        ret_summary->put.summary = plain(act_json_str(root, "summary"), arena);
        ret_summary->is_empty = act_str_empty(ret_summary->put.summary);
        take_facts(read, act_json_array(root, "facts"), arena, ret_summary);
    } else {
        act_buf_printf(error, "answer: must be an instance of the schema");
    }
    json_decref(root);
    return is_ok;
}

// The last lines of both that fit.
static act_str_t join(act_str_t before, act_str_t text, act_arena_t *arena)
{
    act_str_t all = act_arena_printf(arena, "%" ACT_STR_FMT "%s%" ACT_STR_FMT, ACT_STR_ARG(before),
                                     act_str_empty(before) || act_str_empty(text) ? "" : "\n",
                                     ACT_STR_ARG(text));
    while (act_utf8_count(all) > SUMMARY_MAX_CHARS) {
        (void)act_str_cut(&all, '\n');
    }
    return all;
}

void summary_take_plainly(const list_unsummarised_reply_t *read, act_str_t text, act_arena_t *arena,
                          summary_t *ret_summary)
{
    *ret_summary = (summary_t){.put = put_of(read)};
    uint32_t count = 0;
    ret_summary->put.facts.items = facts_by_rules(read, arena, &count);
    ret_summary->put.facts.count = count;
    ret_summary->put.summary = join(read->summary, plain(text, arena), arena);
}
