// pipeline: the table of stages and the loop over it.
#include "pipeline.h"

#include "base/mem.h"
#include "texts/texts.h"

static const stage_t stages[] = {
    {"authenticate", stage_authenticate, /* is_dry= */ false},
    {"session", stage_session, false},
    {"language", stage_language, true},
    {"audio", stage_audio, false},
    {"translate", stage_translate, true},
    {"intent", stage_intent, true},
    {"route", stage_route, true},
    {"respond", stage_respond, false},
    {"persist", stage_persist, false},
};

#define PERSIST_INDEX (ACT_COUNT(stages) - 1)

static void run(turn_t *turn)
{
    while (turn->stage < ACT_COUNT(stages)) {
        const stage_t *stage = &stages[turn->stage];
        if (turn->dry_call && !stage->is_dry) {
            turn->stage++;
            continue;
        }
        stage_times_enter(&turn->times, stage->name);
        stage_result_t result = stage->run(turn);
        if (result == STAGE_WAIT)
            return;
        turn->stage = result == STAGE_NEXT ? turn->stage + 1 : PERSIST_INDEX;
    }
    turn_on_pipeline_end(turn);
}

void pipeline_start(turn_t *turn)
{
    turn->stage = 0;
    run(turn);
}

void pipeline_go_on(turn_t *turn, stage_result_t result)
{
    turn->call_id = 0;
    turn->stage = result == STAGE_NEXT ? turn->stage + 1 : PERSIST_INDEX;
    run(turn);
}

bool pipeline_add_message(turn_t *turn, const outbound_content_t *message)
{
    if (turn->messages_count == TURN_MESSAGES_MAX_COUNT)
        return false;
    turn->messages[turn->messages_count++] = *message;
    return true;
}

stage_result_t pipeline_say(turn_t *turn, act_str_t text, const char *path)
{
    outbound_content_t message = {.type = ACT_STR("text"), .text = text};
    pipeline_add_message(turn, &message);
    turn->path = act_str(path);
    return STAGE_SKIP_TO_PERSIST;
}

stage_result_t pipeline_last_resort(turn_t *turn, act_err_t err, const char *path)
{
    turn->fallback_err = err;
    turn->messages_count = 0;
    turn->decision = ACT_STR("RESPOND");
    turn->flow_state = act_str("");
    return pipeline_say(turn, act_text("system.technical_problem", turn->language), path);
}
