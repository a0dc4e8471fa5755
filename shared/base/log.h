// log: JSON lines, one event each: time, level, service, instance, event id, trace, then fields.
// Customer texts and addresses are never logged at info or above; as a second net, runs of 7 or more
// digits and e-mail addresses inside string values are replaced by "[redacted]". UUIDs stay.
#pragma once
#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

typedef enum { ACT_LOG_DEBUG, ACT_LOG_INFO, ACT_LOG_WARN, ACT_LOG_ERROR } act_log_level_t;

typedef struct act_log act_log_t;

// Writes to <dir>/<service>-<YYYY-MM-DD>.log (opened again when the day changes; files older than 90
// days are removed then), or to standard error when dir is NULL. Lines are written whole.
act_log_t *act_log_new(const char *dir, const char *service, const char *instance,
                       act_log_level_t level);
void act_log_destroy(act_log_t **self_p);

// fields: comma-separated name=format pairs, for example
//   act_log(log, ACT_LOG_WARN, "lane_stuck", "lane=%d,age_ms=%lld", lane, age_ms);
// A field whose value is true or false, or a whole number that was printed as a number, is written
// bare, others as JSON strings. Values cannot make fields of their own: what stands between two
// fields is read from the format. Values are cut at 4 KiB together. event ids are snake_case.
void act_log(act_log_t *self, act_log_level_t level, const char *event, const char *fields, ...)
    ACT_PRINTF(4, 5);

// Adds the text as it would stand inside a JSON string of a log: escaped, and what is personal replaced.
void act_log_add_redacted(act_buf_t *out, act_str_t text);

#define act_log_debug(self, ...) act_log((self), ACT_LOG_DEBUG, __VA_ARGS__)
#define act_log_info(self, ...) act_log((self), ACT_LOG_INFO, __VA_ARGS__)
#define act_log_warn(self, ...) act_log((self), ACT_LOG_WARN, __VA_ARGS__)
#define act_log_error(self, ...) act_log((self), ACT_LOG_ERROR, __VA_ARGS__)
