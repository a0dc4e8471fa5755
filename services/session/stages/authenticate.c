// Stage 1: who is writing, and may the bot answer them.
#include "io/json.h"
#include "metrics.h"
#include "pipeline.h"
#include "proto/persistence_service.h"
#include "texts/texts.h"
#include "texts/words.h"

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

// A burst counts once, by its first message.
static void note_loop(turn_t *turn)
{
    const turn_begin_reply_t *begin = &turn->begin;
    bool is_answer = begin->pending.count > 0 && begin->last_activity_at_ms > 0;
    const loop_message_t message = {
        .text = turn->text,
        .is_choice = !act_str_empty(turn->choice_id),
        .think_ms =
            is_answer ? begin->pending.items[0].received_at_ms - begin->last_activity_at_ms : 0,
    };
    turn->loop = loop_after((loop_t){begin->loop_count, begin->loop_text_hash}, &message);
}

// --- opting out ------------------------------------------------------------------------------------

typedef enum { OPT_NOTHING, OPT_OUT, OPT_IN } opt_t;

// Does no dialogue wait for an answer? The menu of the greeting waits for ever and is none.
static bool is_idle(const turn_t *turn)
{
    json_t *state = NULL;
    if (act_json_parse(turn->begin.flow_state, &state, NULL, turn->arena) != ACT_E_OK)
        return true;
    bool is_greeting = act_str_is(act_json_str(state, "flow"), "greeting");
    json_decref(state);
    return is_greeting;
}

// A bare "stop" amid a dialogue leaves the dialogue; otherwise, and always as STOP or in so many words, it
// means that no more messages are wanted.
static opt_t opt_of(const turn_t *turn)
{
    if (act_word_is_anywhere("words.opt_in", turn->text))
        return OPT_IN;
    bool is_out = act_str_is(act_str_trim(turn->text), "STOP") ||
                  act_word_is_anywhere("words.opt_out", turn->text) ||
                  (act_word_is_anywhere("words.opt_out_idle", turn->text) && is_idle(turn));
    return is_out ? OPT_OUT : OPT_NOTHING;
}

static stage_result_t say_nothing(turn_t *turn, act_str_t path)
{
    turn->decision = ACT_STR("IGNORE");
    turn->path = path;
    turn->flow_state = turn->begin.flow_state;
    return STAGE_SKIP_TO_PERSIST;
}

// May the bot answer?
static stage_result_t admit(turn_t *turn)
{
    // A person has the conversation, or nobody: the bot listens and says nothing.
    if (!act_str_is(turn->begin.owner, "bot")) {
        turn->loop = (loop_t){0};
        return say_nothing(turn, turn->begin.owner);
    }
    if (turn->begin.is_poison) {
        act_metrics_add(act_actor_metrics(turn->session->actor), METRIC_POISON, 1);
        stage_result_t result = pipeline_last_resort(turn, ACT_E_DEAD_LETTER, "poison");
        turn->decision = ACT_STR("HUMAN_HANDOFF");
        turn->handoff_reason = ACT_STR("the turn was begun again and again and never ended");
        return result;
    }
    if (loop_is_over(turn->loop, turn->begin.loop_turns_max)) {
        act_metrics_add(act_actor_metrics(turn->session->actor), METRIC_LOOPS, 1);
        return say_nothing(turn, ACT_STR("loop"));
    }
    if (turn->begin.is_over_quota)
        return pipeline_say(turn, act_text_error(ACT_E_QUOTA_EXCEEDED, turn->language), "quota");
    return STAGE_NEXT;
}

static stage_result_t confirm(turn_t *turn, bool is_out)
{
    const char *key = is_out ? "system.opted_out" : "system.opted_in";
    stage_result_t result = pipeline_say(turn, act_text(key, turn->language), "opt");
    if (is_out)
        turn->messages[turn->messages_count - 1].purpose = ACT_STR("opt_out");
    return result;
}

static void on_opt_set(void *context, const act_reply_t *reply, const set_opt_out_reply_t *body)
{
    turn_t *turn = context;
    turn->is_acting = false;
    bool is_out = opt_of(turn) == OPT_OUT;
    stage_result_t result = STAGE_SKIP_TO_PERSIST;
    if (reply->err != ACT_E_OK) {
        turn->fallback_err = reply->err;
        result =
            pipeline_say(turn, act_text("system.technical_problem", turn->language), "fallback");
    } else if (!act_str_is(turn->begin.owner, "bot") || (!is_out && !body->was_changed)) {
        result =
            admit(turn); // "start" of somebody who gets all messages is a message like any other
    } else {
        result = confirm(turn, is_out);
        turn->is_final = true; // what was done is told
    }
    pipeline_go_on(turn, result);
}

static stage_result_t set_opt(turn_t *turn, opt_t opt)
{
    set_opt_out_request_t request = {
        .conversation_id = turn->conversation_id,
        .is_opted_out = opt == OPT_OUT,
    };
    act_call_opts_t opts = turn_call_opts(turn);
    turn->is_acting = true;
    turn->call_id =
        persistence_set_opt_out(turn->session->actor, &opts, &request, on_opt_set, turn);
    return STAGE_WAIT;
}

stage_result_t stage_authenticate(turn_t *turn)
{
    join_messages(turn);
    note_loop(turn);
    turn->language = turn->begin.language;
    if (act_str_empty(turn->language))
        turn->language = turn->begin.internal_language;
    if (turn->begin.is_blocked) {
        turn->decision = ACT_STR("IGNORE");
        turn->path = ACT_STR("blocked");
        return STAGE_SKIP_TO_PERSIST;
    }
    opt_t opt = turn->dry_call || !act_str_empty(turn->choice_id) ? OPT_NOTHING : opt_of(turn);
    return opt == OPT_NOTHING ? admit(turn) : set_opt(turn, opt);
}
