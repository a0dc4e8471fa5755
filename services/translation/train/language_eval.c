// language_eval: how good the language model is on the utterances it was never trained on.
//   language_eval <utterances> <model file> [--json | --markdown]
// Three conversations: the first message (no prior; also without the texts whose language nobody
// could tell), one that goes on in its language (the prior is right), and one in which the customer
// changes language (the prior is each of the other eight).
#include "base/assert.h"
#include "base/time.h"
#include "detect.h"
#include "text/train/corpus.h"
#include "text/train/report.h"

#include <stdio.h>

#define TIMED_ROUNDS 20

typedef struct {
    act_corpus_t *corpus;
    detector_t *detector;
    act_report_format_t format;
} eval_t;

// How far the prior is from the truth: 0 is right, 1 to 8 is another language, NO_PRIOR is none.
#define NO_PRIOR ACT_LANGUAGES_COUNT

static void evaluate(const eval_t *self, uint32_t distance, bool with_shared, act_report_t *report)
{
    for (uint32_t i = 0; i < act_corpus_count(self->corpus); i++) {
        const act_example_t *example = act_corpus_example(self->corpus, i);
        if (!example->is_held_out || (!with_shared && act_corpus_is_shared(self->corpus, example)))
            continue;
        uint32_t prior = distance == NO_PRIOR
                             ? ACT_LANGUAGE_NONE
                             : (example->language + distance) % ACT_LANGUAGES_COUNT;
        detection_t found;
        detector_detect(self->detector, example->text, prior, &found);
        act_report_add(report, &(act_report_answer_t){
                                   .language = example->language,
                                   .is_right = found.language == example->language,
                                   .is_repeated = act_corpus_is_repeated(self->corpus, example),
                                   .confidence = found.confidence,
                               });
    }
}

typedef struct {
    const char *name;
    const char *title;
    uint32_t first; // distances of the prior
    uint32_t last;
    bool with_shared;
} part_t;

static const part_t parts[] = {
    {"no_prior", "First message of a conversation: no prior", NO_PRIOR, NO_PRIOR, true},
    {"no_prior_decidable", "No prior, only texts that are not also said in another language",
     NO_PRIOR, NO_PRIOR, false},
    {"right_prior", "The conversation was in this language: the prior is right", 0, 0, true},
    {"wrong_prior", "The customer changes language: the prior is another one", 1,
     ACT_LANGUAGES_COUNT - 1, true},
};

static void print_part(const eval_t *self, const part_t *part)
{
    ACT_AUTO(act_report) *report = act_report_new();
    for (uint32_t distance = part->first; distance <= part->last; distance++)
        evaluate(self, distance, part->with_shared, report);
    if (self->format == ACT_REPORT_JSON)
        printf("\"%s\":", part->name);
    else
        printf("%s\n\n", part->title);
    act_report_print(report, self->format, stdout);
    printf(self->format == ACT_REPORT_JSON ? "," : "\n");
}

static double measure_us(const eval_t *self)
{
    uint64_t count = 0;
    int64_t begin_us = act_time_mono_us();
    for (int round = 0; round < TIMED_ROUNDS; round++)
        for (uint32_t i = 0; i < act_corpus_count(self->corpus); i++) {
            const act_example_t *example = act_corpus_example(self->corpus, i);
            if (!example->is_held_out)
                continue;
            detection_t found;
            detector_detect(self->detector, example->text, ACT_LANGUAGE_NONE, &found);
            count++;
        }
    return (double)(act_time_mono_us() - begin_us) / (double)count;
}

static void print_all(const eval_t *self)
{
    if (self->format == ACT_REPORT_JSON)
        printf("{");
    for (size_t i = 0; i < ACT_COUNT(parts); i++)
        print_part(self, &parts[i]);
    double us = measure_us(self);
    printf(self->format == ACT_REPORT_JSON ? "\"us_per_text\":%.1f}\n" : "Time: %.1f us a text.\n",
           us);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: language_eval <utterances> <model file> [--json | --markdown]\n");
        return 2;
    }
    eval_t self = {.format = act_report_format(argc > 3 ? argv[3] : NULL)};
    act_buf_t error;
    act_buf_init(&error, 1024);
    bool is_ready =
        act_corpus_read(argv[1], /* labels= */ NULL, 0, &self.corpus, &error) == ACT_E_OK &&
        detector_new(argv[2], "en", &self.detector, &error) == ACT_E_OK;
    if (is_ready)
        print_all(&self);
    else
        fprintf(stderr, "language_eval: %.*s\n", ACT_STR_ARG(act_buf_str(&error)));
    detector_destroy(&self.detector);
    act_corpus_destroy(&self.corpus);
    act_buf_fini(&error);
    return is_ready ? 0 : 1;
}
