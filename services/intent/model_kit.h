// model_kit: the model that the build made, for tests. PARLEY_TEST_MODEL names it.
#pragma once
#include "text/model_file.h"

const char *model_kit_path(void);

// The file; a test that has none fails with a line that says so.
act_model_file_t *model_kit_open(void);
