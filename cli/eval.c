// eval: is what the bot is sure of right? `calibration` reads what became of turns, and the utterances that the
// built-in classifier was not trained on, and proposes thresholds.
#include "actions.h"
#include "classifier.h"
#include "command.h"
#include "eval_report.h"
#include "options.h"
#include "proto/persistence_service.h"
#include "text/languages.h"
#include "text/train/corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The setting fast_path_confidence_pct, which only session knows.
#define THRESHOLD_DEFAULT 0.9

typedef struct {
    const char *tenant, *days, *precision, *utterances, *model, *intent, *threshold;
    bool is_json, is_applied;
    client_t *client;
} eval_options_t;

static int fail_usage(const char *text)
{
    fprintf(stderr, "parley eval: %s\n", text);
    return EXIT_USAGE;
}

static eval_intent_t *intent_of(eval_t *self, act_str_t name)
{
    for (uint32_t i = 0; i < INTENTS_COUNT; i++)
        if (act_str_is(name, intents_names[i]))
            return &self->intents[i];
    return NULL;
}

// --- utterances ----------------------------------------------------------------------------------

static void classify_all(eval_t *self, const act_corpus_t *corpus, classifier_t *classifier)
{
    for (uint32_t i = 0; i < act_corpus_count(corpus); i++) {
        const act_example_t *example = act_corpus_example(corpus, i);
        if (!example->is_held_out)
            continue;
        classification_t found;
        classifier_classify(classifier, example->text,
                            act_str(act_language_code(example->language)), &found);
        eval_intent_t *said = intent_of(self, act_str(found.scores[0].intent));
        bool is_right = strcmp(found.scores[0].intent, intents_names[example->label]) == 0;
        if (said)
            calibration_add(&said->by_source[EVAL_HELD_OUT], found.scores[0].confidence, 1,
                            is_right);
    }
}

// Without them (an installation has no sources) the turns speak alone.
static void read_utterances(eval_t *self, const eval_options_t *options)
{
    act_corpus_t *corpus = NULL;
    classifier_t *classifier = NULL;
    act_buf_t error;
    act_buf_init(&error, 1024);
    if (act_corpus_read(options->utterances, intents_names, INTENTS_COUNT, &corpus, &error) ==
            ACT_E_OK &&
        classifier_new(options->model, &classifier, &error) == ACT_E_OK)
        classify_all(self, corpus, classifier);
    else
        fprintf(stderr, "parley eval: without utterances: %.*s\n",
                ACT_STR_ARG(act_buf_str(&error)));
    classifier_destroy(&classifier);
    act_corpus_destroy(&corpus);
    act_buf_fini(&error);
}

// --- turns ---------------------------------------------------------------------------------------

static void add_outcome(eval_t *self, const intent_outcome_t *outcome)
{
    eval_intent_t *intent = intent_of(self, outcome->intent);
    bool is_model = act_str_is(outcome->source, eval_source_name(EVAL_MODEL));
    if (!intent)
        return;
    calibration_add(&intent->by_source[is_model ? EVAL_MODEL : EVAL_BUILTIN],
                    (outcome->confidence_pct + 0.5) / 100.0, (uint64_t)outcome->turns_count,
                    (uint64_t)outcome->right_count);
    if (is_model)
        return;
    intent->abandoned_count += (uint64_t)outcome->abandoned_count;
    intent->handed_over_count += (uint64_t)outcome->handed_over_count;
}

static bool read_turns(eval_t *self, client_t *client)
{
    const list_intent_outcomes_request_t request = {.days = (uint32_t)self->days};
    list_intent_outcomes_reply_t reply;
    if (client_call(client, &persistence_service, PERSISTENCE_LIST_INTENT_OUTCOMES, self->tenant,
                    &request, &reply, /* is_loud= */ true) != ACT_E_OK)
        return false;
    for (uint32_t i = 0; i < reply.outcomes.count; i++)
        add_outcome(self, &reply.outcomes.items[i]);
    return true;
}

static bool read_thresholds(eval_t *self, client_t *client)
{
    empty_t nothing = {0};
    list_intent_thresholds_reply_t reply;
    if (client_call(client, &persistence_service, PERSISTENCE_LIST_INTENT_THRESHOLDS, self->tenant,
                    &nothing, &reply, /* is_loud= */ true) != ACT_E_OK)
        return false;
    for (uint32_t i = 0; i < INTENTS_COUNT; i++)
        self->intents[i].threshold = THRESHOLD_DEFAULT;
    for (uint32_t i = 0; i < reply.thresholds.count; i++) {
        eval_intent_t *intent = intent_of(self, reply.thresholds.items[i].intent);
        if (!intent)
            continue;
        intent->threshold = reply.thresholds.items[i].confidence;
        intent->is_own = true;
    }
    return true;
}

// --- thresholds ----------------------------------------------------------------------------------

static bool put_threshold(client_t *client, const char *tenant, const char *intent,
                          double confidence)
{
    const intent_threshold_t request = {.intent = act_str(intent), .confidence = confidence};
    empty_t nothing;
    return client_call(client, &persistence_service, PERSISTENCE_PUT_INTENT_THRESHOLD, tenant,
                       &request, &nothing, /* is_loud= */ true) == ACT_E_OK;
}

static bool apply(eval_t *self, client_t *client)
{
    for (uint32_t i = 0; i < INTENTS_COUNT; i++) {
        eval_intent_t *intent = &self->intents[i];
        if (!intent->has_proposal)
            continue;
        double confidence = intent->proposed_pct / 100.0;
        if (!put_threshold(client, self->tenant, intents_names[i], confidence))
            return false;
        intent->threshold = confidence;
        intent->is_own = true;
    }
    return true;
}

static void propose(eval_t *self)
{
    for (uint32_t i = 0; i < INTENTS_COUNT; i++) {
        calibration_t evidence = eval_evidence(&self->intents[i]);
        self->intents[i].has_proposal =
            calibration_propose(&evidence, self->precision, &self->intents[i].proposed_pct);
    }
}

// --- actions -------------------------------------------------------------------------------------

static int calibrate(void *context)
{
    const eval_options_t *options = context;
    eval_t self = {.tenant = options->tenant};
    self.precision = atof(options->precision) / 100.0;
    if (!act_str_to_int(act_str(options->days), &self.days) || self.days < 1 || self.days > 3650 ||
        self.precision <= 0.5 || self.precision > 1)
        return fail_usage("--days is 1 to 3650, --precision 51 to 100");
    read_utterances(&self, options);
    if (!read_turns(&self, options->client) || !read_thresholds(&self, options->client))
        return EXIT_UNAVAILABLE;
    propose(&self);
    if (options->is_applied && !apply(&self, options->client))
        return EXIT_UNAVAILABLE;
    (options->is_json ? eval_print_json : eval_print)(&self);
    return 0;
}

static int set_threshold(void *context)
{
    const eval_options_t *options = context;
    eval_t self = {.tenant = options->tenant};
    double confidence = options->threshold ? atof(options->threshold) : -1;
    if (!options->intent || !intent_of(&self, act_str(options->intent)) || confidence < 0 ||
        confidence > 1)
        return fail_usage("threshold needs --intent, one of ours, and --confidence, 0 to 1; 0: the "
                          "default again (example: parley eval threshold --intent greeting "
                          "--confidence 0.8)");
    return put_threshold(options->client, options->tenant, options->intent, confidence)
               ? 0
               : EXIT_UNAVAILABLE;
}

static const action_t actions[] = {{"calibration", calibrate}, {"threshold", set_threshold}, {0}};

int command_eval(int argc, char **argv)
{
    eval_options_t options = {.tenant = "demo",
                              .days = "30",
                              .precision = "98",
                              .utterances = PARLEY_UTTERANCES_DIR,
                              .model = PARLEY_MODEL_DIR "/intent.model"};
    const char *data = NULL, *action = "calibration";
    uint32_t words_count = 0;
    const option_t table[] = {
        {"tenant", &options.tenant, NULL, "whose (default demo)"},
        {"days", &options.days, NULL, "turns of the last days (default 30)"},
        {"precision", &options.precision, NULL,
         "in percent: how much above a proposed threshold is right (default 98)"},
        {"utterances", &options.utterances, NULL, "folder of labelled texts"},
        {"model-file", &options.model, NULL, "the built-in classifier's"},
        {"intent", &options.intent, NULL, "threshold: of which intent"},
        {"confidence", &options.threshold, NULL,
         "threshold: from which confidence its flow answers"},
        {"apply", NULL, &options.is_applied, "make the proposed thresholds the tenant's"},
        {"json", NULL, &options.is_json, "one JSON object"},
        {0},
    };
    const options_spec_t spec = {
        .summary = "is what the bot is sure of right, and from when on should it act?",
        .usage = "[calibration | threshold]",
        .examples = "  parley eval calibration --days 90 --precision 99\n"
                    "  parley eval threshold --intent greeting --confidence 0.8\n",
        .table = table,
        .words = &action,
        .words_max = 1,
        .words_count = &words_count,
    };
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    return actions_run(actions, argv[0], action, data, &options, &options.client);
}
