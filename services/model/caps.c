// caps: a table of models by the beginning of their names, longest first within a dialect; facts of
// 2026-11 (docs/models.md).
#include "caps.h"

#define CHAT (CAP_TOOLS | CAP_STREAM | CAP_IMAGES)
#define CLAUDE (CHAT | CAP_SCHEMA | CAP_PROMPT_CACHE | CAP_EFFORT | CAP_EFFORT_WITH_TOOLS)
#define GPT (CHAT | CAP_SCHEMA | CAP_FORCED_TOOL | CAP_EFFORT | CAP_EFFORT_WITH_TOOLS | CAP_DIMENSIONS)
#define GEMINI (CHAT | CAP_SCHEMA | CAP_FORCED_TOOL | CAP_TEMPERATURE | CAP_DIMENSIONS)

typedef struct {
    const char *dialect;
    const char *model; // beginning of the name
    uint32_t flags;
} row_t;

static const row_t rows[] = {
    {"anthropic", "claude-haiku-5-5", CLAUDE | CAP_FORCED_TOOL | CAP_THINKING_OFF},
    {"anthropic", "claude-sonnet-5-5", CLAUDE | CAP_THINKING_BETWEEN},
    {"anthropic", "claude-opus-5-5", CLAUDE},
    {"anthropic", "claude-fable-5-1", CLAUDE},
    {"anthropic", "claude-opus-5", CLAUDE | CAP_FORCED_TOOL | CAP_THINKING_OFF},
    {"anthropic", "claude-haiku-4-5", CHAT | CAP_FORCED_TOOL | CAP_PROMPT_CACHE | CAP_SCHEMA},
    {"anthropic", "", CHAT | CAP_PROMPT_CACHE | CAP_SCHEMA},
    {"openai", "gpt-6-astra", GPT},
    {"openai", "gpt-6.1-sol", GPT},
    {"openai", "gpt-4", (GPT & ~(CAP_EFFORT | CAP_EFFORT_WITH_TOOLS)) | CAP_TEMPERATURE},
    {"openai", "", GPT | CAP_THINKING_OFF},
    {"openai_compatible", "gpt-",
     CHAT | CAP_SCHEMA | CAP_FORCED_TOOL | CAP_STREAM_USAGE | CAP_COMPLETION_TOKENS | CAP_EFFORT |
         CAP_DIMENSIONS},
    {"openai_compatible", "", CHAT | CAP_SCHEMA | CAP_STREAM_USAGE | CAP_TEMPERATURE},
    {"gemini", "gemini-2", GEMINI},
    {"gemini", "", GEMINI | CAP_EFFORT | CAP_EFFORT_WITH_TOOLS},
    {"builtin", "", CAP_SCHEMA},
};

static const act_str_t names[] = {
#define X(id, name, help) ACT_STR_INIT(name),
    MODEL_CAPS(X)
#undef X
};

static const row_t *row_of(const char *dialect, act_str_t model)
{
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (act_str_eq(act_str(rows[i].dialect), act_str(dialect)) &&
            act_str_starts_with(model, rows[i].model))
            return &rows[i];
    return NULL;
}

static bool take_flag(caps_t *caps, act_str_t name)
{
    bool is_off = act_str_starts_with(name, "-");
    if (is_off || act_str_starts_with(name, "+"))
        name = act_str_of(name.ptr + 1, name.len_bytes - 1);
    for (uint32_t i = 0; i < CAPS_COUNT; i++) {
        if (!act_str_eq(names[i], name))
            continue;
        caps->flags = is_off ? caps->flags & ~(1u << i) : caps->flags | 1u << i;
        return true;
    }
    return false;
}

static bool take_number(caps_t *caps, act_str_t name, act_str_t text)
{
    const struct {
        const char *name;
        int64_t *value;
        int64_t min;
        int64_t max;
    } numbers[] = {
        {"max_output_tokens", &caps->max_output_tokens, 1, 1000000},
        {"timeout_ms", &caps->timeout_ms, 100, 3600000},
        {"idle_ms", &caps->idle_ms, 100, 3600000},
        {"input_price", &caps->input_price, 0, 1000000000},
        {"output_price", &caps->output_price, 0, 1000000000},
    };
    int64_t value = 0;
    for (size_t i = 0; i < ACT_COUNT(numbers); i++) {
        if (!act_str_is(name, numbers[i].name) || !act_str_to_int(text, &value) ||
            value < numbers[i].min || value > numbers[i].max)
            continue;
        *numbers[i].value = value;
        return true;
    }
    return false;
}

bool caps_read(const char *dialect, act_str_t model, act_str_t options, caps_t *ret_caps,
               act_str_t *ret_bad)
{
    const row_t *row = row_of(dialect, model);
    *ret_caps = (caps_t){.flags = row ? row->flags : 0,
                         .max_output_tokens = 4096,
                         .timeout_ms = 120000,
                         .idle_ms = 30000,
                         .input_price = -1,
                         .output_price = -1};
    *ret_bad = ACT_STR("");
    while (options.len_bytes > 0) {
        act_str_t option = act_str_trim(act_str_cut(&options, ','));
        act_str_t value = option;
        act_str_t name = act_str_trim(act_str_cut(&value, '='));
        bool is_flag = name.len_bytes == option.len_bytes;
        if (!act_str_empty(option) && !(is_flag ? take_flag(ret_caps, name)
                                                : take_number(ret_caps, name, act_str_trim(value))))
            *ret_bad = option;
    }
    return act_str_empty(*ret_bad);
}
