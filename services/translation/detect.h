// detect: which of the nine languages a chat message is written in, with calibrated confidence.
// Made for texts of one to twenty words, typed without accents and with mistakes.
//
// Many such texts have no language: "ok", "pdf", "hola" in a Portuguese chat. That is what the
// prior is for: the language the conversation had so far counts as evidence, enough to decide for
// such words, not enough against a sentence.
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "text/languages.h"

typedef struct detector detector_t;

typedef struct {
    uint32_t language;
    double confidence; // 0 to 1; 0 when nothing but the prior or the default spoke
} detection_t;

// ACT_E_CONFIG with one line in error (initialised by the caller) when the model file is not sound
// or the default language is none of ours.
ACT_MUST_CHECK act_err_t detector_new(const char *model_path, const char *default_language,
                                      detector_t **ret_detector, act_buf_t *error);
void detector_destroy(detector_t **self_p);

// prior: the conversation's language, or ACT_LANGUAGE_NONE. Allocates nothing; only the start of a
// long text is read (tokens.h). Not for two threads at once.
void detector_detect(detector_t *self, act_str_t text, uint32_t prior, detection_t *ret_detection);
