// outgoing: message after message.
#include "outgoing.h"

#include "pipeline.h"
#include "translator.h"

static void next(turn_t *turn);

static void on_translated(turn_t *turn, act_str_t text)
{
    turn->messages[turn->outgoing_count++].text = text;
    next(turn);
}

static void next(turn_t *turn)
{
    uint32_t index = turn->outgoing_count;
    if (index >= turn->messages_count) {
        pipeline_go_on(turn, STAGE_NEXT);
        return;
    }
    translator_ask(turn, &(translator_ask_t){.text = turn->messages[index].text,
                                             .from = turn->outgoing_from,
                                             .to = turn->language,
                                             .step = act_arena_printf(turn->arena, "out%u", index),
                                             .done = on_translated});
}

void outgoing_translate(turn_t *turn, act_str_t from)
{
    turn->outgoing_from = from;
    turn->outgoing_count = 0;
    next(turn);
}
