// service_views: the views and commands of `bus` that are about services and their instances.
#pragma once
#include "views.h"
#include "proto/broker.h"

typedef void service_views_fn(views_t *self, const act_header_t *header, act_str_t body,
                              uint64_t call_id);
service_views_fn service_views_services;
service_views_fn service_views_pause;
service_views_fn service_views_resume;
service_views_fn service_views_retry_dead_letter;

// The counters of `status` that are about calls.
void service_views_fill_status(views_t *self, status_reply_t *ret_reply);
