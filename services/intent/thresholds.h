// thresholds: from which confidence an intent is sure enough to be acted upon. The tenant's own, else the
// default of all; `parley eval calibration` proposes them.
#pragma once
#include "proto/intent.h"

double threshold_of(const classify_request_t *request, act_str_t intent);
