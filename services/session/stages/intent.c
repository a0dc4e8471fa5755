// Stage 6: Eyes. Without an answer the intent is "none" with confidence 0, which the agent takes. A dry run
// names no turn, so that no model is paid for it.
#include "pipeline.h"
#include "proto/intent_service.h"

static void on_classified(void *context, const act_reply_t *reply, const classify_reply_t *body)
{
    turn_t *turn = context;
    if (reply->err == ACT_E_OK && body) {
        turn->understood = *body;
        turn_steps_take(turn, turn->understood.steps.items, turn->understood.steps.count);
    }
    pipeline_go_on(turn, STAGE_NEXT);
}

stage_result_t stage_intent(turn_t *turn)
{
    turn->understood = (classify_reply_t){
        .intent = ACT_STR("none"),
        .sentiment = ACT_STR("neutral"),
    };
    if (act_str_empty(act_str_trim(turn->text)) || !act_str_empty(turn->choice_id))
        return STAGE_NEXT;
    classify_request_t request = {
        .text = turn->text,
        .language = turn->language,
        .conversation_id = turn->conversation_id,
        .turn_id = turn->dry_call ? act_str("") : act_str(turn->turn_id),
        .thresholds = {turn->begin.intent_thresholds.items, turn->begin.intent_thresholds.count},
        .default_threshold = turn->fast_path_confidence,
        .journal = {turn->steps.recorded.items, turn->steps.recorded.count},
        .is_replay = turn->replay != NULL,
    };
    act_call_opts_t opts = turn_share(turn_pure_opts(turn), 25, UNDERSTANDING_MAX_MS);
    turn->call_id = intent_classify(turn->session->actor, &opts, &request, on_classified, turn);
    return STAGE_WAIT;
}
