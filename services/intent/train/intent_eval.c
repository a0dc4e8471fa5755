// intent_eval: how good the intent model is on the utterances it was never trained on.
//   intent_eval <utterances> <model file> [--json | --markdown]
// Three tables: with the message's language told, as the pipeline does; without it; and which
// intents are taken for which. Then the time a message takes.
#include "base/assert.h"
#include "base/time.h"
#include "classifier.h"
#include "intents.h"
#include "text/languages.h"
#include "text/train/corpus.h"
#include "text/train/report.h"

#include <stdio.h>
#include <string.h>

#define TIMED_ROUNDS 20

typedef struct {
    act_corpus_t *corpus;
    classifier_t *classifier;
    act_report_format_t format;
    uint32_t confusions[INTENTS_COUNT][INTENTS_COUNT]; // [said][meant]
} eval_t;

static uint32_t intent_index(const char *name)
{
    uint32_t index = 0;
    while (index < INTENTS_COUNT && strcmp(intents_names[index], name) != 0)
        index++;
    act_assert(index < INTENTS_COUNT);
    return index;
}

static void evaluate(eval_t *self, bool with_language, act_report_t *report)
{
    for (uint32_t i = 0; i < act_corpus_count(self->corpus); i++) {
        const act_example_t *example = act_corpus_example(self->corpus, i);
        if (!example->is_held_out)
            continue;
        classification_t found;
        const char *language = with_language ? act_language_code(example->language) : "";
        classifier_classify(self->classifier, example->text, act_str(language), &found);
        uint32_t said = intent_index(found.scores[0].intent);
        act_report_add(report, &(act_report_answer_t){
                                   .language = example->language,
                                   .is_right = said == example->label,
                                   .is_repeated = act_corpus_is_repeated(self->corpus, example),
                                   .confidence = found.scores[0].confidence,
                               });
        if (with_language)
            self->confusions[said][example->label]++;
    }
}

static void print_part(eval_t *self, const char *title, bool with_language)
{
    ACT_AUTO(act_report) *report = act_report_new();
    evaluate(self, with_language, report);
    if (self->format == ACT_REPORT_JSON)
        printf("\"%s\":", with_language ? "language_told" : "language_unknown");
    else
        printf("%s\n\n", title);
    act_report_print(report, self->format, stdout);
    printf(self->format == ACT_REPORT_JSON ? "," : "\n");
}

static void print_confusions(const eval_t *self)
{
    bool is_markdown = self->format == ACT_REPORT_MARKDOWN;
    if (self->format == ACT_REPORT_JSON)
        return;
    printf("Taken for another, five times or more:\n\n%s",
           is_markdown ? "| meant | taken for | texts |\n|---|---|---|\n" : "");
    for (uint32_t meant = 0; meant < INTENTS_COUNT; meant++)
        for (uint32_t said = 0; said < INTENTS_COUNT; said++)
            if (said != meant && self->confusions[said][meant] >= 5)
                printf(is_markdown ? "| %s | %s | %u |\n" : "%-20s %-20s %u\n",
                       intents_names[meant], intents_names[said], self->confusions[said][meant]);
    printf("\n");
}

// The processor time of one message, all parts (intent, sentiment, risk) included.
static double measure_us(const eval_t *self, double *ret_mean_bytes)
{
    uint64_t count = 0;
    uint64_t bytes = 0;
    int64_t begin_us = act_time_mono_us();
    for (int round = 0; round < TIMED_ROUNDS; round++)
        for (uint32_t i = 0; i < act_corpus_count(self->corpus); i++) {
            const act_example_t *example = act_corpus_example(self->corpus, i);
            if (!example->is_held_out)
                continue;
            classification_t found;
            act_str_t language = act_str(act_language_code(example->language));
            classifier_classify(self->classifier, example->text, language, &found);
            count++;
            bytes += example->text.len_bytes;
        }
    *ret_mean_bytes = (double)bytes / (double)count;
    return (double)(act_time_mono_us() - begin_us) / (double)count;
}

static void print_all(eval_t *self)
{
    double mean_bytes = 0;
    if (self->format == ACT_REPORT_JSON)
        printf("{");
    print_part(self, "Held-out utterances, their language told", /* with_language= */ true);
    print_part(self, "The same, language unknown", /* with_language= */ false);
    print_confusions(self);
    double us = measure_us(self, &mean_bytes);
    if (self->format == ACT_REPORT_JSON)
        printf("\"us_per_text\":%.1f,\"mean_text_bytes\":%.0f}\n", us, mean_bytes);
    else
        printf("Time: %.1f us a text of %.0f bytes on average.\n", us, mean_bytes);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: intent_eval <utterances> <model file> [--json | --markdown]\n");
        return 2;
    }
    eval_t self = {.format = act_report_format(argc > 3 ? argv[3] : NULL)};
    act_buf_t error;
    act_buf_init(&error, 1024);
    bool is_ready =
        act_corpus_read(argv[1], intents_names, INTENTS_COUNT, &self.corpus, &error) == ACT_E_OK &&
        classifier_new(argv[2], &self.classifier, &error) == ACT_E_OK;
    if (is_ready)
        print_all(&self);
    else
        fprintf(stderr, "intent_eval: %.*s\n", ACT_STR_ARG(act_buf_str(&error)));
    classifier_destroy(&self.classifier);
    act_corpus_destroy(&self.corpus);
    act_buf_fini(&error);
    return is_ready ? 0 : 1;
}
