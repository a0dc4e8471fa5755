// err: one list of errors for C, wire, metrics and docs. The list itself is proto/errors.yaml, from
// which base/err_gen.h is made: X(NAME, number, "FAMILY_number", is_retryable, "text", "customer text").
#pragma once
#include "base/err_gen.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

// Functions that can fail return this; outputs are untouched unless it is ACT_E_OK. The numbers are
// those of the codes (DATABASE is 3001) and travel in message headers.
typedef enum {
    ACT_E_OK = 0,
#define X(name, number, code, is_retryable, text, customer) ACT_E_##name = (number),
    ACT_ERRORS(X)
#undef X
} act_err_t;

// "INTEGRATION_3001", or "OK".
const char *act_err_code(act_err_t err);

// For developers and logs.
const char *act_err_text(act_err_t err);

// For the customer's eyes, English; empty when a customer never hears of this error.
const char *act_err_customer_text(act_err_t err);

bool act_err_is_retryable(act_err_t err);

// A number from the wire; unknown ones become ACT_E_INTERNAL.
act_err_t act_err_from_number(uint32_t number);
