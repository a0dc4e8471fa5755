// prometheus: the actors' numbers and the broker's view of them as Prometheus text (exposition format
// 0.0.4): one family a metric, one line an instance.
#pragma once
#include "proto/broker.h"

void prometheus_render(const metrics_reply_t *metrics, const status_reply_t *status,
                       act_buf_t *out);
