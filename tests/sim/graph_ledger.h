// graph_ledger: every send the simulator accepted, each as one JSON object:
//   {"index":1,"at_us":...,"provider_id":"wamid...","phone_number_id":"...","to":"...",
//    "type":"...","body":"...","outbox_id":"...","request":{...}}
// Appended to a file before the sender is answered, so that it tells the truth whoever is killed;
// the last ones (max_count, max_bytes) are kept in memory for questions.
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "sim/graph_check.h"

typedef struct graph_ledger graph_ledger_t;

// path may be NULL. ACT_E_IO when it cannot be opened.
ACT_MUST_CHECK act_err_t graph_ledger_new(const char *path, uint32_t max_count, size_t max_bytes,
                                          graph_ledger_t **ret_ledger);
void graph_ledger_destroy(graph_ledger_t **self_p);

typedef struct {
    act_str_t provider_id;
    act_str_t phone_number_id;
    const graph_send_t *send;
    act_str_t request; // JSON as received
} graph_record_t;

void graph_ledger_add(graph_ledger_t *self, const graph_record_t *record);

// Accepted since the last reset, kept in memory or not.
uint64_t graph_ledger_count(const graph_ledger_t *self);
// Lines that could not be written to the file.
uint64_t graph_ledger_errors(const graph_ledger_t *self);

// Writes a JSON array of the records after index `since` that are still in memory, oldest first, as
// many as fit a few megabytes.
void graph_ledger_read(const graph_ledger_t *self, uint64_t since, act_buf_t *out);

// Forgets what is in memory and counts from 0; the file keeps what it has.
void graph_ledger_reset(graph_ledger_t *self);
