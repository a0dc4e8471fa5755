// shape: two lists of endings.
#include "shape.h"

#include "base/mem.h"

#include <string.h>

// Also as other scripts write them; UTF-8.
static const char *const sentence_ends[] = {".", "!", "?", "\u3002", "\uff01", "\uff1f", "\u061f"};
// An ellipsis is no end: it says that something is missing.
static const char *const fragment_ends[] = {
    ",", ";", ":", "-", "...", "\u2026", "\u2013", "\u2014", "\u060c", "\u061b", "\uff0c", "\u3001",
};

static bool ends_with(act_str_t text, const char *end)
{
    size_t len_bytes = strlen(end);
    return text.len_bytes >= len_bytes &&
           memcmp(text.ptr + text.len_bytes - len_bytes, end, len_bytes) == 0;
}

static bool ends_with_any(act_str_t text, const char *const *ends, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ends_with(text, ends[i]))
            return true;
    return false;
}

const char *shape_of(const inbound_message_t *message)
{
    const inbound_content_t *content = message->content;
    if (content && !act_str_empty(content->choice_id))
        return "choice";
    act_str_t text = content ? act_str_trim(content->text) : act_str("");
    if (act_str_empty(text))
        return "media";
    if (ends_with_any(text, fragment_ends, ACT_COUNT(fragment_ends)))
        return "fragment";
    return ends_with_any(text, sentence_ends, ACT_COUNT(sentence_ends)) ? "sentence" : "words";
}
