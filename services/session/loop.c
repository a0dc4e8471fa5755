// loop: three kinds of messages, and what each does to the count.
#include "loop.h"

// To see that an answer has come; and a letter of one's own. Nobody types 20 a second.
#define SEE_MS 1000
#define LETTER_MS 50
// To read and type for a minute is slow enough for anybody.
#define THINK_MAX_MS 60000
#define REPEAT_WEIGHT 2
#define COUNT_MAX 1000000u

static bool is_too_fast(const loop_message_t *message)
{
    int64_t needed_ms = SEE_MS + (int64_t)message->text.len_bytes * LETTER_MS;
    return message->think_ms < (needed_ms < THINK_MAX_MS ? needed_ms : THINK_MAX_MS);
}

loop_t loop_after(loop_t loop, const loop_message_t *message)
{
    bool has_text = !act_str_empty(message->text);
    int64_t hash = has_text ? (int64_t)(act_str_hash(message->text, 0) | 1) : 0;
    if (has_text && hash == loop.text_hash)
        loop.count += REPEAT_WEIGHT;
    else if (message->is_choice)
        loop.count /= 2;
    else if (message->think_ms > 0)
        loop.count = is_too_fast(message) ? loop.count + 1 : loop.count / 2;
    if (loop.count > COUNT_MAX)
        loop.count = COUNT_MAX;
    loop.text_hash = hash;
    return loop;
}

bool loop_is_over(loop_t loop, uint32_t turns_max)
{
    return turns_max > 0 && loop.count >= turns_max;
}
