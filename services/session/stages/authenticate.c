// Stage 1: who is writing, and may the bot answer them.
#include "pipeline.h"
#include "texts/texts.h"

// The messages of a burst, a line each; the type of the last one and the last choice count.
static void join_messages(turn_t *turn)
{
    act_str_t text = act_str("");
    for (uint32_t i = 0; i < turn->begin.pending.count; i++) {
        const pending_message_t *message = &turn->begin.pending.items[i];
        turn->type = message->type;
        if (!message->content)
            continue;
        if (!act_str_empty(message->content->choice_id))
            turn->choice_id = message->content->choice_id;
        act_str_t line = message->content->text;
        if (act_str_empty(line))
            continue;
        text = act_str_empty(text)
                   ? line
                   : act_arena_printf(turn->arena, "%" ACT_STR_FMT "\n%" ACT_STR_FMT,
                                      ACT_STR_ARG(text), ACT_STR_ARG(line));
    }
    // What the model of the wire takes; a burst longer than this is cut, not refused.
    turn->text = act_utf8_prefix(text, 4000);
}

stage_result_t stage_authenticate(turn_t *turn)
{
    join_messages(turn);
    turn->language = turn->begin.language;
    if (act_str_empty(turn->language))
        turn->language = turn->begin.internal_language;
    if (turn->begin.is_blocked) {
        turn->decision = ACT_STR("IGNORE");
        turn->path = ACT_STR("blocked");
        return STAGE_SKIP_TO_PERSIST;
    }
    // A person has the conversation, or nobody: the bot listens and says nothing.
    if (!act_str_is(turn->begin.owner, "bot")) {
        turn->decision = ACT_STR("IGNORE");
        turn->path = turn->begin.owner;
        turn->flow_state = turn->begin.flow_state;
        return STAGE_SKIP_TO_PERSIST;
    }
    if (turn->begin.is_over_quota)
        return pipeline_say(turn, act_text_error(ACT_E_QUOTA_EXCEEDED, turn->language), "quota");
    return STAGE_NEXT;
}
