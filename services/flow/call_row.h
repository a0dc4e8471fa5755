// call_row: what the rows of the table of calls share. Private to call.c and call_*.c.
#pragma once
#include "call.h"

act_str_t call_value(const call_job_t *job, const char *name);

// A copy in the job's arena.
act_str_t call_copy(const call_job_t *job, act_str_t text);

act_str_t call_number(const call_job_t *job, int64_t number);

void call_fail(const call_job_t *job, act_err_t err, const char *text);

// True when the reply is an error, which is then passed on.
bool call_has_failed(const call_job_t *job, const act_reply_t *reply);

// Rows of the call's columns, at most CALL_MAX_ROWS, to be filled.
rows_t call_rows(const call_job_t *job, uint32_t count, act_str_t **ret_cells);

void call_succeed(const call_job_t *job, const rows_t *rows);

// What the business sells and who might buy it (call_sales.c).
uint64_t call_find_products(call_job_t *job, const act_call_opts_t *opts);
uint64_t call_quote_price(call_job_t *job, const act_call_opts_t *opts);
uint64_t call_capture_lead(call_job_t *job, const act_call_opts_t *opts);
