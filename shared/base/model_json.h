// model_json: any message of the models as JSON text, for the console and the command line.
#pragma once
#include "base/model.h"

// A JSON object with every field, defaults too; absent messages are null, bytes are base64, doubles
// without a JSON form (NaN, infinity) are null.
void act_model_to_json(const act_model_t *self, const void *message, act_buf_t *out);
