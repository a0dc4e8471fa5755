// intent: between the bus and the classifier.
#include "intent.h"

#include "classifier.h"
#include "eyes.h"
#include "proto/intent_service.h"
#include "thresholds.h"

// Where the build put the models (meson), used when no setting says otherwise.
#ifndef PARLEY_MODEL_DIR
#define PARLEY_MODEL_DIR "/usr/lib/parley/models"
#endif

typedef struct {
    classifier_t *classifier;
    eyes_t eyes;
} intent_t;

static const act_config_row_t settings[] = {
    {.name = "model_file",
     .env = "PARLEY_INTENT_MODEL_FILE",
     .type = ACT_CONFIG_TEXT,
     .default_text = PARLEY_MODEL_DIR "/intent.model",
     .example = "/usr/lib/parley/models/intent.model",
     .help = "model of intents, sentiment and risk, made by intent_train"},
    {0},
};

// --- classify ------------------------------------------------------------------------------------

static void list_risks(uint32_t risks, act_arena_t *arena, classify_reply_t *ret_reply)
{
    act_str_t *items = act_arena_alloc_array(arena, RISKS_COUNT, sizeof *items);
    uint32_t count = 0;
    for (uint32_t risk = 0; risk < RISKS_COUNT; risk++)
        if (risks & (1u << risk))
            items[count++] = act_str(risk_name((risk_kind_t)risk));
    ret_reply->risk.items = items;
    ret_reply->risk.count = count;
}

static void list_scores(const classification_t *found, act_arena_t *arena,
                        classify_reply_t *ret_reply)
{
    intent_score_t *items = act_arena_alloc_array(arena, found->scores_count, sizeof *items);
    for (uint32_t i = 0; i < found->scores_count; i++)
        items[i] = (intent_score_t){.intent = act_str(found->scores[i].intent),
                                    .confidence = found->scores[i].confidence};
    ret_reply->scores.items = items;
    ret_reply->scores.count = found->scores_count;
}

static void classify(void *context, act_call_t *call, const classify_request_t *request)
{
    intent_t *self = context;
    classification_t found;
    classifier_classify(self->classifier, request->text, request->language, &found);
    classify_reply_t reply = {
        .intent = act_str(found.scores[0].intent),
        .confidence = found.scores[0].confidence,
        .sentiment = act_str(sentiment_name(found.sentiment)),
    };
    list_risks(found.risks, act_call_arena(call), &reply);
    list_scores(&found, act_call_arena(call), &reply);
    reply.threshold = threshold_of(request, reply.intent);
    bool is_sure = reply.confidence >= reply.threshold;
    if (is_sure || act_str_empty(request->turn_id))
        intent_classify_reply(&call, &reply);
    else
        eyes_look(&self->eyes, &call, request, &reply);
}

static const intent_server_t server = {.classify = classify};

// --- the process ---------------------------------------------------------------------------------

static act_err_t open_intent(void *context, act_actor_t *actor)
{
    intent_t *self = context;
    self->eyes = (eyes_t){.actor = actor, .models = act_model_roles_new(actor)};
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_err_t err = classifier_new(act_config_text(act_actor_config(actor), "model_file"),
                                   &self->classifier, &error);
    if (err != ACT_E_OK)
        act_log_error(act_actor_log(actor), "model_unusable", "why=%" ACT_STR_FMT,
                      ACT_STR_ARG(act_buf_str(&error)));
    act_buf_fini(&error);
    return err;
}

static void close_intent(void *context)
{
    intent_t *self = context;
    act_model_roles_destroy(&self->eyes.models);
    classifier_destroy(&self->classifier);
}

const act_spec_t intent_spec = {
    .name = "intent",
    .service = &intent_service,
    .server = &server,
    .config = settings,
    .self_size_bytes = sizeof(intent_t),
    .open = open_intent,
    .close = close_intent,
};
