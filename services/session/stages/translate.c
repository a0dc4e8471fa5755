// Stage 5: into the tenant's internal language, where a translation provider is configured. Without
// one the text goes on as it is: detection, intents, flows and texts know all nine languages.
#include "pipeline.h"
#include "proto/translation_service.h"

static void on_translated(void *context, const act_reply_t *reply, const translate_reply_t *body)
{
    turn_t *turn = context;
    if (reply->err == ACT_E_OK && body->was_translated)
        turn->translation = act_arena_str(turn->arena, body->text);
    pipeline_go_on(turn, STAGE_NEXT);
}

stage_result_t stage_translate(turn_t *turn)
{
    turn->translation = turn->text;
    if (!turn->session->is_translation_enabled || act_str_empty(turn->text) ||
        act_str_empty(turn->begin.internal_language) ||
        act_str_eq(turn->language, turn->begin.internal_language))
        return STAGE_NEXT;
    translate_request_t request = {
        .text = turn->text,
        .from = turn->language,
        .to = turn->begin.internal_language,
    };
    act_call_opts_t opts = turn_share(turn_step_opts(turn), 25, UNDERSTANDING_MAX_MS);
    turn->call_id =
        translation_translate(turn->session->actor, &opts, &request, on_translated, turn);
    return STAGE_WAIT;
}
