// detect: which of the nine languages a chat message is written in.
#include "detect.h"

#include "base/assert.h"
#include "text/linear.h"
#include "text/model_file.h"
#include "traces.h"

#include <math.h>
#include <string.h>

// How much likelier the conversation's language is than another one, before the message is read:
// nine messages of ten stay in it, the tenth is shared by eight. Single words are borrowed from
// anywhere ("no", "taxi", "ciao"), and what the model has seen of them says little: they need to be
// clearer.
static const float prior_odds[] = {500, 500, 150, 72}; // by number of words; the last for more

// Below this the best guess is no guess: nine languages equally likely have 0.11 each.
#define EVIDENCE_MIN 0.30f

struct detector {
    act_model_file_t *file;
    act_linear_t languages;
    uint32_t default_language;
    uint32_t language_of[ACT_LINEAR_MAX_CLASSES]; // of a class of the model

    // Working memory of one message.
    act_tokens_t tokens;
    act_features_t features;
};

static bool init_model(detector_t *self)
{
    act_str_t section = act_model_file_section(self->file, "languages");
    if (act_linear_init(&self->languages, section) != ACT_E_OK)
        return false;
    for (uint32_t c = 0; c < self->languages.classes_count; c++) {
        self->language_of[c] = act_language_find(act_str(act_linear_class(&self->languages, c)));
        if (self->language_of[c] == ACT_LANGUAGE_NONE)
            return false;
    }
    return true;
}

act_err_t detector_new(const char *model_path, const char *default_language,
                       detector_t **ret_detector, act_buf_t *error)
{
    ACT_AUTO(detector) *self = act_alloc(sizeof *self);
    self->default_language = act_language_find(act_str(default_language));
    if (self->default_language == ACT_LANGUAGE_NONE) {
        act_buf_printf(error, "default_language \"%s\" is not one of fr en es pt de it ro pl ar",
                       default_language);
        return ACT_E_CONFIG;
    }
    act_err_t err = act_model_file_open(model_path, &self->file, error);
    if (err != ACT_E_OK)
        return err;
    if (!init_model(self)) {
        act_buf_printf(error, "model file %s: section languages is missing or not sound",
                       model_path);
        return ACT_E_CONFIG;
    }
    *ret_detector = act_take(&self);
    return ACT_E_OK;
}

void detector_destroy(detector_t **self_p)
{
    detector_t *self = act_take(self_p);
    if (!self)
        return;
    act_model_file_destroy(&self->file);
    act_free(self);
}

// Is there a word in a script that the model knows? Of other scripts it has only prejudices.
static bool has_words(const act_tokens_t *tokens)
{
    for (uint32_t i = 0; i < tokens->count; i++) {
        const act_token_t *token = &tokens->items[i];
        bool is_latin = *act_token_base(tokens, i) < 0x250;
        if (token->kind == ACT_TOKEN_WORD && (is_latin || token->is_arabic))
            return true;
    }
    return false;
}

static uint32_t best_of(const float *probabilities, uint32_t count)
{
    uint32_t best = 0;
    for (uint32_t c = 1; c < count; c++)
        if (probabilities[c] > probabilities[best])
            best = c;
    return best;
}

static void add_prior(const detector_t *self, uint32_t prior, float *logits)
{
    uint32_t last = ACT_COUNT(prior_odds) - 1;
    uint32_t words_count = self->tokens.words_count < last ? self->tokens.words_count : last;
    for (uint32_t c = 0; c < self->languages.classes_count; c++)
        if (self->language_of[c] == prior)
            logits[c] += logf(prior_odds[words_count]);
}

// False when the text is no evidence.
static bool weigh(detector_t *self, uint32_t prior, detection_t *ret_detection)
{
    uint32_t count = self->languages.classes_count;
    float logits[ACT_LINEAR_MAX_CLASSES];
    float probabilities[ACT_LINEAR_MAX_CLASSES];
    traces_read(&self->tokens, &self->features);
    act_linear_logits(&self->languages, &self->features, logits);
    memcpy(probabilities, logits, sizeof *logits * count);
    act_linear_softmax(probabilities, count);
    if (probabilities[best_of(probabilities, count)] < EVIDENCE_MIN)
        return false;
    add_prior(self, prior, logits);
    act_linear_softmax(logits, count);
    uint32_t best = best_of(logits, count);
    *ret_detection =
        (detection_t){.language = self->language_of[best], .confidence = (double)logits[best]};
    return true;
}

void detector_detect(detector_t *self, act_str_t text, uint32_t prior, detection_t *ret_detection)
{
    act_tokens_read(text, &self->tokens);
    if (has_words(&self->tokens) && weigh(self, prior, ret_detection))
        return;
    ret_detection->language = prior < ACT_LANGUAGES_COUNT ? prior : self->default_language;
    ret_detection->confidence = 0;
}
