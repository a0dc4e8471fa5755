// agent_text: what models and customers write, through everything of the agent that reads it. What may be said
// holds no tag, no unseen sign and no more than was allowed; what is quoted closes no block.
#include "base/assert.h"
#include "decision.h"
#include "prompts.h"
#include "quote.h"
#include "speech.h"
#include "unseen.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

#define MAX_CHARS 200

static void check_said(act_arena_t *arena, act_str_t text)
{
    const speech_rules_t rules = {.links = {.hosts = ACT_STR("shop.example\n"), .sources = &text},
                                  .max_chars = MAX_CHARS};
    act_str_t said = speech_clean(arena, text, &rules);
    act_assert(act_utf8_count(said) <= MAX_CHARS);
    for (size_t at = 0; at < said.len_bytes;)
        act_assert(!unseen_is(act_utf8_next(said, &at)));
}

static void check_quoted(act_arena_t *arena, act_str_t text)
{
    act_str_t quoted = quote_text(arena, text, MAX_CHARS);
    act_assert(act_utf8_count(quoted) <= MAX_CHARS + 1);
    act_assert(quoted.len_bytes == 0 || (!memchr(quoted.ptr, '<', quoted.len_bytes) &&
                                         !memchr(quoted.ptr, '>', quoted.len_bytes)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    act_str_t text = act_str_of(data, size_bytes);
    act_str_t bad;
    const char *problem = NULL;
    decision_t decision;
    if (!act_utf8_valid(text)) // the bus lets nothing else through
        return 0;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    check_said(arena, text);
    check_quoted(arena, text);
    if (decision_read(text, /* may_wait= */ true, arena, &decision, &problem))
        act_assert(decision.kind != DECISION_RESPOND || decision.plan.len_bytes > 0);
    else
        act_assert(problem != NULL);
    (void)decision_of_text(text, &decision);
    if (prompts_check(text, &bad))
        (void)prompts_fill(arena, text, NULL, 0);
    act_assert(!prompts_tells_canary(text, ACT_STR("0123456789abcdef0")) || size_bytes >= 17);
    return 0;
}
