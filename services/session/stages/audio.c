// Stage 4: a voice note becomes text, an image a description, where a provider is configured. None
// is yet: a caption is the text, and what has no text is answered by the agent according to its type.
#include "pipeline.h"

stage_result_t stage_audio(turn_t *turn)
{
    bool has_words = !act_str_empty(act_str_trim(turn->text)) || !act_str_empty(turn->choice_id);
    // With words, what carried them (an image's caption, a list's row) is of no further interest.
    if (has_words && !act_str_is(turn->type, "unsupported") && !act_str_is(turn->type, "unknown"))
        turn->type = ACT_STR("text");
    return STAGE_NEXT;
}
