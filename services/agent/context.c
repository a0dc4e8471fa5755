// context: sections are lists of lines in order of importance; the budget is dealt out in two rounds.
#include "context.h"

#include "base/buf.h"
#include "base/time.h"
#include "quote.h"

#include <inttypes.h>
#include <string.h>

#define BYTES_A_TOKEN 3
#define CONTEXT_MAX_BYTES (256u << 10)
#define LINES_MAX_COUNT 64
// Of one line, entry or value.
#define MESSAGE_MAX_CHARS 8000
#define LINE_MAX_CHARS 1500
#define ENTRY_MAX_CHARS 3000
#define FACT_MAX_CHARS 300
#define SUMMARY_MAX_CHARS 4000

typedef enum { RECENT, KNOWLEDGE, SUMMARY, FACTS, SECTIONS_COUNT } section_t;

// In the order in which they get their part.
static const struct {
    const char *tag;
    uint32_t share_pct;
    bool is_newest_first; // written the other way round
} sections[SECTIONS_COUNT] = {
    [RECENT] = {"conversation_so_far", 40, true},
    [KNOWLEDGE] = {"knowledge", 35, false},
    [SUMMARY] = {"summary_of_earlier_conversation", 15, false},
    [FACTS] = {"known_of_the_customer", 10, false},
};
static const section_t written[] = {SUMMARY, FACTS, KNOWLEDGE, RECENT};

typedef struct {
    act_str_t lines[LINES_MAX_COUNT]; // most important first
    uint32_t count;
    uint32_t kept_count;
} list_t;

typedef struct {
    act_arena_t *arena;
    list_t lists[SECTIONS_COUNT];
} plan_t;

int64_t context_tokens(act_str_t text)
{
    return (int64_t)(text.len_bytes / BYTES_A_TOKEN) + 1;
}

// --- texts of others -----------------------------------------------------------------------------

// A name for a tag's attribute: no quotes either.
static act_str_t quote_name(act_arena_t *arena, act_str_t text)
{
    act_str_t quoted = quote_text(arena, text, 200);
    char *bytes = act_arena_alloc(arena, quoted.len_bytes + 1);
    for (size_t i = 0; i < quoted.len_bytes; i++)
        bytes[i] = quoted.ptr[i] == '"' || quoted.ptr[i] == '\n' ? ' ' : quoted.ptr[i];
    return act_str_of(bytes, quoted.len_bytes);
}

bool context_is_foreign(const search_faq_reply_t *hits)
{
    for (uint32_t i = 0; i < hits->hits.count; i++)
        if (hits->hits.items[i].is_foreign)
            return true;
    return false;
}

// --- lines ---------------------------------------------------------------------------------------

static void add_line(plan_t *plan, section_t section, act_str_t line)
{
    list_t *list = &plan->lists[section];
    if (list->count < LINES_MAX_COUNT)
        list->lines[list->count++] = line;
}

static const char *tag_of(act_str_t author)
{
    static const struct {
        const char *author, *tag;
    } tags[] = {{"customer", "customer"},
                {"bot", "assistant"},
                {"person", "colleague"},
                {"system", "note"}};
    for (size_t i = 0; i < ACT_COUNT(tags); i++)
        if (act_str_is(author, tags[i].author))
            return tags[i].tag;
    return "note";
}

static void add_history(plan_t *plan, const respond_request_t *request)
{
    for (uint32_t i = request->history.count; i-- > 0;) {
        const history_line_t *line = &request->history.items[i];
        char at[ACT_TIME_TEXT_BYTES];
        const char *tag = tag_of(line->author);
        act_str_t text = quote_text(plan->arena, line->text, LINE_MAX_CHARS);
        act_time_text(line->at_ms * 1000, at);
        add_line(plan, RECENT,
                 act_arena_printf(plan->arena, "<%s at=\"%.16sZ\">%" ACT_STR_FMT "</%s>\n", tag, at,
                                  ACT_STR_ARG(text), tag));
    }
}

static void add_knowledge(plan_t *plan, const search_faq_reply_t *hits)
{
    for (uint32_t i = 0; hits && i < hits->hits.count; i++) {
        const faq_hit_t *hit = &hits->hits.items[i];
        act_arena_t *arena = plan->arena;
        act_str_t id = quote_name(arena, hit->faq_id);
        act_str_t question = quote_text(arena, hit->question, LINE_MAX_CHARS);
        act_str_t answer = quote_text(arena, hit->answer, ENTRY_MAX_CHARS);
        add_line(plan, KNOWLEDGE,
                 act_arena_printf(arena,
                                  "<entry source=\"faq:%" ACT_STR_FMT "\">%" ACT_STR_FMT
                                  "\n%" ACT_STR_FMT "</entry>\n",
                                  ACT_STR_ARG(id), ACT_STR_ARG(question), ACT_STR_ARG(answer)));
    }
}

static void add_memory(plan_t *plan, const context_input_t *input)
{
    act_arena_t *arena = plan->arena;
    act_str_t summary = quote_text(arena, input->summary, SUMMARY_MAX_CHARS);
    if (!act_str_empty(summary))
        add_line(plan, SUMMARY,
                 act_arena_printf(arena, "%" ACT_STR_FMT "\n", ACT_STR_ARG(summary)));
    for (uint32_t i = 0; i < input->facts_count; i++) {
        act_str_t name = quote_name(arena, input->facts[i].name);
        act_str_t value = quote_text(arena, input->facts[i].value, FACT_MAX_CHARS);
        add_line(plan, FACTS,
                 act_arena_printf(arena,
                                  "<fact name=\"%" ACT_STR_FMT "\">%" ACT_STR_FMT "</fact>\n",
                                  ACT_STR_ARG(name), ACT_STR_ARG(value)));
    }
}

// --- the budget ----------------------------------------------------------------------------------

// Takes lines while they fit; returns what is left of it.
static int64_t take_lines(list_t *list, int64_t tokens)
{
    while (list->kept_count < list->count) {
        int64_t needed = context_tokens(list->lines[list->kept_count]);
        if (needed > tokens)
            break;
        tokens -= needed;
        list->kept_count++;
    }
    return tokens;
}

static void deal_out(plan_t *plan, int64_t budget_tokens)
{
    int64_t left = budget_tokens > 0 ? budget_tokens : 0;
    for (size_t i = 0; i < SECTIONS_COUNT; i++) {
        int64_t part = budget_tokens * sections[i].share_pct / 100;
        part = part < left ? part : left;
        left -= part - take_lines(&plan->lists[i], part);
    }
    for (size_t i = 0; i < SECTIONS_COUNT; i++) // what nobody needed
        left = take_lines(&plan->lists[i], left);
}

// --- writing -------------------------------------------------------------------------------------

static void write_section(const plan_t *plan, section_t section, act_buf_t *out)
{
    const list_t *list = &plan->lists[section];
    if (list->kept_count == 0)
        return;
    act_buf_printf(out, "<%s>\n", sections[section].tag);
    for (uint32_t i = 0; i < list->kept_count; i++)
        act_buf_add_str(
            out, list->lines[sections[section].is_newest_first ? list->kept_count - 1 - i : i]);
    act_buf_printf(out, "</%s>\n", sections[section].tag);
}

// The time a turn began is in its id (UUIDv7): the same when it runs again.
static int64_t turn_began_ms(act_str_t turn_id)
{
    int64_t ms = 0;
    uint32_t digits = 0;
    for (size_t i = 0; i < turn_id.len_bytes && digits < 12; i++) {
        char c = turn_id.ptr[i];
        if (c == '-')
            continue;
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
        ms = ms << 4 | digit;
        digits++;
    }
    return digits == 12 ? ms : 0;
}

static void write_situation(act_arena_t *arena, const respond_request_t *request, act_buf_t *out)
{
    char now[ACT_TIME_TEXT_BYTES];
    act_time_text(turn_began_ms(request->turn_id) * 1000, now);
    act_str_t language = quote_name(arena, request->language);
    act_str_t intent = quote_name(arena, request->intent);
    act_str_t sentiment = quote_name(arena, request->sentiment);
    act_buf_printf(out,
                   "<situation now=\"%.16sZ\" language=\"%" ACT_STR_FMT "\" intent=\"%" ACT_STR_FMT
                   "\" sentiment=\"%" ACT_STR_FMT "\"%s/>\n",
                   now, ACT_STR_ARG(language), ACT_STR_ARG(intent), ACT_STR_ARG(sentiment),
                   request->is_wait_over ? " waiting=\"over, answer now\"" : "");
}

static act_str_t write_all(const plan_t *plan, const respond_request_t *request, act_str_t message)
{
    act_buf_t out;
    act_buf_init(&out, CONTEXT_MAX_BYTES);
    write_situation(plan->arena, request, &out);
    for (size_t i = 0; i < ACT_COUNT(written); i++)
        write_section(plan, written[i], &out);
    act_buf_printf(
        &out, "<new_message_of_the_customer>\n%" ACT_STR_FMT "\n</new_message_of_the_customer>\n",
        ACT_STR_ARG(message));
    act_str_t text = act_arena_str(plan->arena, act_buf_str(&out));
    act_buf_fini(&out);
    return text;
}

static act_str_t write_context(act_arena_t *arena, const context_input_t *input,
                               int64_t budget_tokens, bool has_memory)
{
    plan_t *plan = act_arena_alloc(arena, sizeof *plan);
    plan->arena = arena;
    act_str_t message = quote_text(arena, input->request->text, MESSAGE_MAX_CHARS);
    add_history(plan, input->request);
    add_knowledge(plan, input->hits);
    if (has_memory)
        add_memory(plan, input);
    deal_out(plan, budget_tokens - context_tokens(message));
    return write_all(plan, input->request, message);
}

act_str_t context_write(act_arena_t *arena, const context_input_t *input, int64_t budget_tokens)
{
    return write_context(arena, input, budget_tokens, /* has_memory= */ true);
}

act_str_t context_write_short(act_arena_t *arena, const context_input_t *input,
                              int64_t budget_tokens)
{
    return write_context(arena, input, budget_tokens, /* has_memory= */ false);
}

// --- results of tools ----------------------------------------------------------------------------

static int64_t tokens_of_results(const chat_message_t *message)
{
    int64_t tokens = 0;
    for (uint32_t i = 0; i < message->tool_results.count; i++)
        tokens += context_tokens(message->tool_results.items[i].content);
    return tokens;
}

static void leave_out(act_arena_t *arena, chat_message_t *message)
{
    uint32_t count = message->tool_results.count;
    tool_result_t *results = act_arena_alloc_array(arena, count + 1, sizeof *results);
    for (uint32_t i = 0; i < count; i++) {
        results[i] = message->tool_results.items[i];
        results[i].content = ACT_STR("(left out: too long ago)");
    }
    message->tool_results.items = results;
}

void context_shrink_results(act_arena_t *arena, chat_message_t *messages, uint32_t count,
                            int64_t budget_tokens)
{
    int64_t left = budget_tokens;
    for (uint32_t i = count; i-- > 0;) {
        int64_t tokens = tokens_of_results(&messages[i]);
        if (messages[i].tool_results.count == 0)
            continue;
        if (tokens > left)
            leave_out(arena, &messages[i]);
        else
            left -= tokens;
    }
}
