// quote_mutant: what others wrote, shown as it is. attack_test.c must see it.
#include "quote.h"

act_str_t quote_text(act_arena_t *arena, act_str_t text, size_t max_chars)
{
    return act_arena_str(arena, act_utf8_prefix(text, max_chars));
}

tool_result_t quote_result(act_arena_t *arena, const tool_result_t *result)
{
    (void)arena;
    return *result;
}
