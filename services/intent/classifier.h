// classifier: what the customer wants, with calibrated confidence, how they feel, and what needs
// care. One object a process; it holds the mapped model and the working memory, so that a message
// allocates nothing. Not for two threads at once.
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "risk.h"
#include "sentiment.h"
#include "text/linear.h"

typedef struct classifier classifier_t;

typedef struct {
    const char *intent; // borrowed from the classifier
    double confidence;  // probability, 0 to 1; all of them add up to 1
} classifier_score_t;

typedef struct {
    classifier_score_t scores[ACT_LINEAR_MAX_CLASSES]; // best first
    uint32_t scores_count;
    sentiment_t sentiment;
    uint32_t risks; // bits 1 << risk_kind_t
} classification_t;

// ACT_E_CONFIG with one line in error (initialised by the caller) when the model file is not sound.
ACT_MUST_CHECK act_err_t classifier_new(const char *model_path, classifier_t **ret_classifier,
                                        act_buf_t *error);
void classifier_destroy(classifier_t **self_p);

// language: of the message, as "fr"; anything unknown is looked at in all nine. A text without
// words or numbers is "none" with low confidence. Only the start of a long text is read (tokens.h),
// but card numbers are found anywhere in it.
void classifier_classify(classifier_t *self, act_str_t text, act_str_t language,
                         classification_t *ret_classification);
