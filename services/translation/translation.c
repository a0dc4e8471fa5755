// translation: between the bus and the detector and translator.
#include "translation.h"

#include "detect.h"
#include "proto/translation_service.h"
#include "translate.h"

// Where the build put the models (meson), used when no setting says otherwise.
#ifndef PARLEY_MODEL_DIR
#define PARLEY_MODEL_DIR "/usr/lib/parley/models"
#endif

typedef struct {
    detector_t *detector;
    translator_t translator;
} translation_t;

static const act_config_row_t settings[] = {
    {.name = "model_file",
     .env = "PARLEY_LANGUAGE_MODEL_FILE",
     .type = ACT_CONFIG_TEXT,
     .default_text = PARLEY_MODEL_DIR "/language.model",
     .example = "/usr/lib/parley/models/language.model",
     .help = "model of the nine languages, made by language_train"},
    {.name = "default_language",
     .env = "PARLEY_DEFAULT_LANGUAGE",
     .type = ACT_CONFIG_TEXT,
     .default_text = "en",
     .example = "fr",
     .help = "language of a message that tells none, in a conversation that has none yet"},
    {0},
};

// --- detect --------------------------------------------------------------------------------------

static void detect(void *context, act_call_t *call, const detect_request_t *request)
{
    translation_t *self = context;
    detection_t found;
    detector_detect(self->detector, request->text, act_language_find(request->prior_language),
                    &found);
    const detect_reply_t reply = {
        .language = act_str(act_language_code(found.language)),
        .confidence = found.confidence,
    };
    translation_detect_reply(&call, &reply);
}

// --- translate -----------------------------------------------------------------------------------

static void translate(void *context, act_call_t *call, const translate_request_t *request)
{
    translation_t *self = context;
    translate_start(&self->translator, &call, request);
}

static const translation_server_t server = {.detect = detect, .translate = translate};

// --- the process ---------------------------------------------------------------------------------

static act_err_t open_parts(translation_t *self, const act_config_t *config, act_buf_t *error)
{
    return detector_new(act_config_text(config, "model_file"),
                        act_config_text(config, "default_language"), &self->detector, error);
}

static act_err_t open_translation(void *context, act_actor_t *actor)
{
    translation_t *self = context;
    self->translator = (translator_t){.actor = actor, .models = act_model_roles_new(actor)};
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_err_t err = open_parts(self, act_actor_config(actor), &error);
    if (err != ACT_E_OK)
        act_log_error(act_actor_log(actor), "settings_unusable", "why=%" ACT_STR_FMT,
                      ACT_STR_ARG(act_buf_str(&error)));
    act_buf_fini(&error);
    return err;
}

static void close_translation(void *context)
{
    translation_t *self = context;
    act_model_roles_destroy(&self->translator.models);
    detector_destroy(&self->detector);
}

const act_spec_t translation_spec = {
    .name = "translation",
    .service = &translation_service,
    .server = &server,
    .config = settings,
    .self_size_bytes = sizeof(translation_t),
    .open = open_translation,
    .close = close_translation,
};
