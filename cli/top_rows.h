// top_rows: the tables of `parley top` without a screen: rows from two looks at the bus, sorted, and as
// text of a given width. Rates are of the time between the two looks.
#pragma once
#include "proto/broker.h"

#include "base/buf.h"

#define TOP_ROWS_MAX_COUNT 1024

// One look.
typedef struct {
    int64_t at_ms; // monotonic; 0: none yet
    status_reply_t status;
    services_reply_t services;
} top_look_t;

// A service, or an instance.
typedef struct {
    char name[65];
    char service[65];
    char state[17];
    int32_t pid; // of an instance
    uint32_t instances, ready;
    uint32_t queued, in_flight, restarts;
    uint64_t oldest_ms, uptime_ms;
    double calls_per_s, errors_per_s;
    uint64_t p50_us, p99_us;
} top_row_t;

typedef enum {
    TOP_SORT_NAME,
    TOP_SORT_CALLS,
    TOP_SORT_QUEUED,
    TOP_SORT_ERRORS,
    TOP_SORT_P99,
    TOP_SORTS_COUNT
} top_sort_t;

// Both return how many of the TOP_ROWS_MAX_COUNT rows were filled. `before` may be a look with at_ms 0.
uint32_t top_rows_of_services(const top_look_t *now, const top_look_t *before, top_row_t *ret_rows);
// service "" for those of all services, clients too.
uint32_t top_rows_of_instances(const top_look_t *now, const top_look_t *before, const char *service,
                               top_row_t *ret_rows);
void top_rows_sort(top_row_t *rows, uint32_t count, top_sort_t sort);
const char *top_sort_name(top_sort_t sort);

// One line each, without its end; fits 80 columns.
void top_rows_head(bool is_instances, act_buf_t *out);
void top_rows_line(const top_row_t *row, bool is_instances, act_buf_t *out);
// Two lines about the whole: rates, and the ledger.
void top_rows_summary(const top_look_t *now, const top_look_t *before, act_buf_t *out);
