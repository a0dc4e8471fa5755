// pipeline: the nine stages of a turn, one row and one small file each.
//
// A stage looks at the turn and either is done at once (STAGE_NEXT), has asked somebody and will call
// pipeline_go_on later (STAGE_WAIT), or has decided everything (STAGE_SKIP_TO_PERSIST). Stages do
// not fail: each knows what to do when the one it asked does not answer, so that no turn is silent.
#pragma once
#include "turn.h"

// To understand takes milliseconds; who does not answer within this is done without.
#define UNDERSTANDING_MAX_MS 5000

typedef enum { STAGE_NEXT, STAGE_WAIT, STAGE_SKIP_TO_PERSIST } stage_result_t;

typedef struct {
    const char *name;
    stage_result_t (*run)(turn_t *turn);
    bool is_dry; // also part of `understand`
} stage_t;

void pipeline_start(turn_t *turn);
// The stage that waited is done.
void pipeline_go_on(turn_t *turn, stage_result_t result);

// The stages (services/session/stages/<name>.c).
stage_result_t stage_authenticate(turn_t *turn);
stage_result_t stage_session(turn_t *turn);
stage_result_t stage_language(turn_t *turn);
stage_result_t stage_audio(turn_t *turn);
stage_result_t stage_translate(turn_t *turn);
stage_result_t stage_intent(turn_t *turn);
stage_result_t stage_route(turn_t *turn);
stage_result_t stage_respond(turn_t *turn);
stage_result_t stage_persist(turn_t *turn);

// Says one of our own texts (shared/texts, borrowed for ever) and ends the turn with it.
stage_result_t pipeline_say(turn_t *turn, act_str_t text, const char *path);
// The intent's flow is the one to run; false: it has none.
bool pipeline_take_flow(turn_t *turn, act_str_t intent);
// The ladder's last rung: nothing but the polite text, and a person is told why.
stage_result_t pipeline_last_resort(turn_t *turn, act_err_t err, const char *path);
// Adds a reply; its texts must live in the turn's arena. False when there are too many.
bool pipeline_add_message(turn_t *turn, const outbound_content_t *message);
