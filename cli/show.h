// show: what commands print in the same way.
#pragma once
#include "base/model.h"

// A message as one JSON object, on one line.
void show_json(const act_model_t *model, const void *message);
// A text of several lines, each behind this.
void show_lines(act_str_t text, const char *before);
