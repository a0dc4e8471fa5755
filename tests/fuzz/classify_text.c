// classify_text: intent, sentiment and risk of any bytes. The first byte chooses the language.
// PARLEY_FUZZ_INTENT_MODEL names the model file.
#include "base/assert.h"
#include "classifier.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static classifier_t *open_classifier(void)
{
    classifier_t *classifier = NULL;
    act_buf_t error;
    act_buf_init(&error, 1024);
    const char *path = getenv("PARLEY_FUZZ_INTENT_MODEL");
    act_assert(path != NULL);
    act_assert(classifier_new(path, &classifier, &error) == ACT_E_OK);
    act_buf_fini(&error);
    return classifier;
}

static void check(const classification_t *found)
{
    double sum = 0;
    for (uint32_t i = 0; i < found->scores_count; i++) {
        act_assert(i == 0 || found->scores[i - 1].confidence >= found->scores[i].confidence);
        sum += found->scores[i].confidence;
    }
    act_assert(sum > 0.999 && sum < 1.001);
    act_assert(found->risks < 1u << RISKS_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static classifier_t *classifier; // opened once: the target is the text, not the model
    if (!classifier)
        classifier = open_classifier();
    if (size_bytes == 0)
        return 0;
    classification_t found;
    act_str_t language = act_str(act_language_code(data[0] % 12));
    classifier_classify(classifier, act_str_of(data + 1, size_bytes - 1), language, &found);
    check(&found);
    return 0;
}
