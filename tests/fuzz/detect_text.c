// detect_text: the language of any bytes. The first byte chooses the prior.
// PARLEY_FUZZ_LANGUAGE_MODEL names the model file.
#include "base/assert.h"
#include "detect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static detector_t *open_detector(void)
{
    detector_t *detector = NULL;
    act_buf_t error;
    act_buf_init(&error, 1024);
    const char *path = getenv("PARLEY_FUZZ_LANGUAGE_MODEL");
    act_assert(path != NULL);
    act_assert(detector_new(path, "en", &detector, &error) == ACT_E_OK);
    act_buf_fini(&error);
    return detector;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static detector_t *detector; // opened once: the target is the text, not the model
    if (!detector)
        detector = open_detector();
    if (size_bytes == 0)
        return 0;
    detection_t found;
    detector_detect(detector, act_str_of(data + 1, size_bytes - 1), data[0] % 12, &found);
    act_assert(found.language < ACT_LANGUAGES_COUNT);
    act_assert(found.confidence >= 0 && found.confidence <= 1);
    return 0;
}
