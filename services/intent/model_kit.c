// model_kit: the model that the build made, for tests.
#include "model_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

const char *model_kit_path(void)
{
    const char *path = getenv("PARLEY_TEST_MODEL");
    if (!path)
        fail_msg("PARLEY_TEST_MODEL does not name the model file (intent_train makes it)");
    return path;
}

act_model_file_t *model_kit_open(void)
{
    act_model_file_t *file = NULL;
    act_buf_t error;
    act_buf_init(&error, 1024);
    if (act_model_file_open(model_kit_path(), &file, &error) != ACT_E_OK)
        fail_msg("%.*s", ACT_STR_ARG(act_buf_str(&error)));
    act_buf_fini(&error);
    return file;
}
