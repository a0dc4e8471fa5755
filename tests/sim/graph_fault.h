// graph_fault: errors as the Graph API words them.
#pragma once
#include "base/arena.h"
#include "base/buf.h"

#include <stdint.h>

typedef struct {
    uint16_t http; // status
    int32_t code;
    act_str_t details; // error_data.details; may be empty
} graph_fault_t;

// {http, code, details} with the status Meta's table gives for the code (400 when it has none).
graph_fault_t graph_fault(int32_t code, act_str_t details);

// {"error":{...}}
void graph_fault_write(const graph_fault_t *self, act_buf_t *out);
