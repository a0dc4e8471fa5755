// thresholds: the tenant's list, then the default.
#include "thresholds.h"

// For callers that say nothing.
#define THRESHOLD_DEFAULT 0.9

double threshold_of(const classify_request_t *request, act_str_t intent)
{
    for (uint32_t i = 0; i < request->thresholds.count; i++)
        if (act_str_eq(request->thresholds.items[i].intent, intent))
            return request->thresholds.items[i].confidence;
    return request->default_threshold > 0 ? request->default_threshold : THRESHOLD_DEFAULT;
}
