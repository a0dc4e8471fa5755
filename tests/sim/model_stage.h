// model_stage: the model actor on the bus with model_sim as its provider, in the process of the test, which plays
// everybody else. Nothing sleeps; the clock is moved.
#pragma once
#include "gateway.h"
#include "harness/service_kit.h"
#include "proto/model.h"
#include "sim/model_sim.h"

#define MODEL_STAGE_TURNS_MAX 20000 // of waiting for something that must come

typedef struct {
    act_loop_t *loop;
    model_sim_t *sim; // on the kit's loop
    service_kit_t *kit;
    char key_path[64];
    uint64_t last_id;
} model_stage_t;

// Open with one provider of the default's; `more_settings`: one more, or NULL. `path`: of its base URL ("/v1").
void model_stage_open(model_stage_t *self, const char *more_settings);
void model_stage_open_at(model_stage_t *self, const char *path, const char *more_settings);
void model_stage_close(model_stage_t *self);
// Both loops, once.
void model_stage_turn(model_stage_t *self);

// --- calls ---------------------------------------------------------------------------------------

typedef struct {
    const char *role;
    const char *text;
    uint32_t parts; // the caller takes
    uint32_t budget_ms;
    const char *conversation;
} model_question_t;

// Returns the call's id.
uint64_t model_stage_ask(model_stage_t *self, const model_question_t *question);
// What the actor said of this kind and id (0: any), once; NULL: nothing yet.
const kit_message_t *model_stage_heard(model_stage_t *self, act_kind_t kind, uint64_t id);
// The end of a call: a reply, or an error.
const kit_message_t *model_stage_wait_end(model_stage_t *self, uint64_t id, act_err_t *ret_err);
chat_reply_t model_stage_wait_reply(model_stage_t *self, uint64_t id);
// Until the provider has had so many requests.
void model_stage_wait_requests(model_stage_t *self, uint32_t count);

// --- persistence, played by the test -------------------------------------------------------------

const kit_message_t *model_stage_wait_call(model_stage_t *self, const char *method);
void model_stage_answer(model_stage_t *self, const kit_message_t *call, const act_buf_t *body);
// Two providers of the tenant's own at the simulator, the second one by another dialect.
void model_stage_give_routes(model_stage_t *self, int64_t day_micro_usd);
