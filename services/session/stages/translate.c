// Stage 5: into the tenant's internal language, when the tenant has a model that translates. Without one the
// text goes on as it is: detection, intents, flows and texts know all nine languages.
#include "pipeline.h"
#include "translator.h"

static void on_translated(turn_t *turn, act_str_t text)
{
    turn->translation = text;
    pipeline_go_on(turn, STAGE_NEXT);
}

stage_result_t stage_translate(turn_t *turn)
{
    turn->translation = turn->text;
    // A button's title is our own text; most customers write what the tenant speaks.
    if (!act_str_empty(turn->choice_id) ||
        act_str_eq(turn->language, turn->begin.internal_language))
        return STAGE_NEXT;
    translator_ask(turn, &(translator_ask_t){.text = turn->text,
                                             .from = turn->language,
                                             .to = turn->begin.internal_language,
                                             .step = ACT_STR("in"),
                                             .done = on_translated});
    return STAGE_WAIT;
}
