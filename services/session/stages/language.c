// Stage 3: which language the customer writes, with the conversation's own language as prior.
#include "pipeline.h"
#include "proto/translation_service.h"

static void on_detected(void *context, const act_reply_t *reply, const detect_reply_t *body)
{
    turn_t *turn = context;
    if (reply->err == ACT_E_OK && !act_str_empty(body->language)) {
        turn->language = act_arena_str(turn->arena, body->language);
        turn->language_confidence = body->confidence;
    }
    pipeline_go_on(turn, STAGE_NEXT);
}

stage_result_t stage_language(turn_t *turn)
{
    // A button's title is our own text: it says nothing about the customer.
    if (act_str_empty(act_str_trim(turn->text)) || !act_str_empty(turn->choice_id))
        return STAGE_NEXT;
    detect_request_t request = {.text = turn->text, .prior_language = turn->begin.language};
    act_call_opts_t opts = turn_share(turn_pure_opts(turn), 25, UNDERSTANDING_MAX_MS);
    turn->call_id = translation_detect(turn->session->actor, &opts, &request, on_detected, turn);
    return STAGE_WAIT;
}
