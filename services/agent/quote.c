// quote: three letters are replaced, and some are left out.
#include "quote.h"

#include "base/buf.h"
#include "unseen.h"

#define RESULT_MAX_CHARS 16000

act_str_t quote_text(act_arena_t *arena, act_str_t text, size_t max_chars)
{
    text = act_str_trim(text);
    act_str_t prefix = act_utf8_prefix(text, max_chars);
    act_buf_t out;
    act_buf_init(&out, 3 * prefix.len_bytes + 8);
    for (size_t at = 0; at < prefix.len_bytes;) {
        size_t from = at;
        uint32_t code = act_utf8_next(prefix, &at);
        if (code == '<' || code == 0xff1c || code == 0xfe64)
            act_buf_add_str(&out, ACT_STR("‹"));
        else if (code == '>' || code == 0xff1e || code == 0xfe65)
            act_buf_add_str(&out, ACT_STR("›"));
        else if (!unseen_is(code))
            act_buf_add(&out, prefix.ptr + from, at - from);
    }
    if (prefix.len_bytes < text.len_bytes)
        act_buf_add_str(&out, ACT_STR("…"));
    act_str_t quoted = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return quoted;
}

tool_result_t quote_result(act_arena_t *arena, const tool_result_t *result)
{
    tool_result_t copy = *result;
    copy.content = quote_text(arena, result->content, RESULT_MAX_CHARS);
    return copy;
}
