// classifier: what the customer wants.
#include "classifier.h"

#include "base/assert.h"
#include "cues.h"
#include "intents.h"
#include "text/model_file.h"

#include <string.h>

// Of "none" for a text that says nothing.
#define SILENCE_CONFIDENCE 0.3

struct classifier {
    act_model_file_t *file;
    act_linear_t intents;
    act_lexicon_t concepts;
    sentiment_words_t feelings;
    risk_words_t risks;
    uint32_t none; // class of the model

    // Working memory of one message.
    act_tokens_t tokens;
    act_match_t matches[CUES_MAX_MATCHES];
    act_features_t features;
};

static const char *init_sections(classifier_t *self)
{
    if (act_linear_init(&self->intents, act_model_file_section(self->file, "intents")) != ACT_E_OK)
        return "intents";
    if (act_lexicon_init(&self->concepts, act_model_file_section(self->file, "concepts")) !=
        ACT_E_OK)
        return "concepts";
    if (sentiment_words_init(&self->feelings, act_model_file_section(self->file, "feelings")) !=
        ACT_E_OK)
        return "feelings";
    if (risk_words_init(&self->risks, act_model_file_section(self->file, "risks")) != ACT_E_OK)
        return "risks";
    self->none = act_linear_find(&self->intents, act_str(INTENTS_NONE));
    return self->none < self->intents.classes_count ? NULL : "intents (no \"" INTENTS_NONE "\")";
}

act_err_t classifier_new(const char *model_path, classifier_t **ret_classifier, act_buf_t *error)
{
    ACT_AUTO(classifier) *self = act_alloc(sizeof *self);
    act_err_t err = act_model_file_open(model_path, &self->file, error);
    if (err != ACT_E_OK)
        return err;
    const char *bad_section = init_sections(self);
    if (bad_section) {
        act_buf_printf(error, "model file %s: section %s is missing or not sound", model_path,
                       bad_section);
        return ACT_E_CONFIG;
    }
    *ret_classifier = act_take(&self);
    return ACT_E_OK;
}

void classifier_destroy(classifier_t **self_p)
{
    classifier_t *self = act_take(self_p);
    if (!self)
        return;
    act_model_file_destroy(&self->file);
    act_free(self);
}

static bool says_something(const act_tokens_t *tokens)
{
    for (uint32_t i = 0; i < tokens->count; i++)
        if (tokens->items[i].kind == ACT_TOKEN_WORD || tokens->items[i].kind == ACT_TOKEN_NUMBER)
            return true;
    return false;
}

static void score_silence(const classifier_t *self, float *ret_probabilities)
{
    uint32_t count = self->intents.classes_count;
    for (uint32_t c = 0; c < count; c++)
        ret_probabilities[c] = (float)((1 - SILENCE_CONFIDENCE) / (count - 1));
    ret_probabilities[self->none] = (float)SILENCE_CONFIDENCE;
}

static void score_text(classifier_t *self, uint32_t language, float *ret_probabilities)
{
    uint32_t count = act_lexicon_match(&self->concepts, &self->tokens, language, self->matches,
                                       CUES_MAX_MATCHES);
    cues_read(&self->tokens, self->matches, count, &self->features);
    act_linear_logits(&self->intents, &self->features, ret_probabilities);
    act_linear_softmax(ret_probabilities, self->intents.classes_count);
}

// Few classes: each finds its place from the back.
static void sort_scores(const classifier_t *self, const float *probabilities,
                        classification_t *ret_classification)
{
    classifier_score_t *scores = ret_classification->scores;
    ret_classification->scores_count = self->intents.classes_count;
    for (uint32_t c = 0; c < self->intents.classes_count; c++) {
        uint32_t at = c;
        for (; at > 0 && scores[at - 1].confidence < (double)probabilities[c]; at--)
            scores[at] = scores[at - 1];
        scores[at] = (classifier_score_t){.intent = act_linear_class(&self->intents, c),
                                          .confidence = (double)probabilities[c]};
    }
}

void classifier_classify(classifier_t *self, act_str_t text, act_str_t language,
                         classification_t *ret_classification)
{
    uint32_t language_index = act_language_find(language);
    float probabilities[ACT_LINEAR_MAX_CLASSES];
    act_tokens_read(text, &self->tokens);
    if (says_something(&self->tokens))
        score_text(self, language_index, probabilities);
    else
        score_silence(self, probabilities);
    sort_scores(self, probabilities, ret_classification);
    ret_classification->sentiment = sentiment_of(&self->feelings, &self->tokens, language_index);
    ret_classification->risks = risk_flags(&self->risks, &self->tokens, text);
}
