// faq: one search, one text.
#include "faq.h"

#include "pipeline.h"
#include "proto/persistence_service.h"
#include "texts/texts.h"

#define FAQ_MS 3000
// As the agent's: an entry must fit this well (parley.yaml: faq_min_score_pct of agent).
#define MIN_SCORE 0.35
#define ANSWER_MAX_BYTES 3500
#define TEXT_MAX_BYTES 200

static void on_found(void *context, const act_reply_t *reply, const search_faq_reply_t *body)
{
    turn_t *turn = context;
    if (reply->err != ACT_E_OK || body->hits.count == 0 || body->hits.items[0].score < MIN_SCORE) {
        turn->faq_next(turn, reply->err != ACT_E_OK ? reply->err : ACT_E_NOT_FOUND);
        return;
    }
    const faq_hit_t *hit = &body->hits.items[0]; // the best is the first
    const act_text_value_t values[] = {
        {"answer", act_utf8_prefix(hit->answer, ANSWER_MAX_BYTES)},
        {"source", act_utf8_prefix(hit->source, TEXT_MAX_BYTES)},
    };
    act_str_t text =
        act_text_format(turn->arena, "agent.faq", turn->language, values, ACT_COUNT(values));
    pipeline_go_on(turn, pipeline_say(turn, text, "faq"));
}

void faq_ask(turn_t *turn, void (*next)(turn_t *turn, act_err_t err))
{
    turn->faq_next = next;
    const search_faq_request_t request = {
        .text = turn->text,
        .language = turn->language,
        .max_rows = 1,
    };
    act_call_opts_t opts = turn_share(turn_step_opts(turn), 50, FAQ_MS);
    turn->call_id = persistence_search_faq(turn->session->actor, &opts, &request, on_found, turn);
}
