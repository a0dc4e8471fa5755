// fault: why a request to a provider did not give an answer, and what that means: by the provider's own
// word for it where it has one, else by the HTTP status (docs/models.md, "Failures").
#pragma once
#include "base/arena.h"
#include "io/http_client.h"
#include "io/json.h"

typedef enum {
    FAULT_NONE,
    FAULT_AGAIN,   // may go well soon, at the same place
    FAULT_NEXT,    // not at this place; another one may do it
    FAULT_CONTEXT, // too long for the model
    FAULT_KINDS,
} fault_kind_t;

typedef struct {
    fault_kind_t kind;
    bool is_illness;        // the place is ill: counts for its breaker
    int64_t retry_after_ms; // at least; 0: nothing was said
    int64_t pause_ms;       // nobody is to ask there for so long
    char text[160];         // for logs: status and the provider's word, never its sentence
} fault_t;

// No whole answer came: connection, time, size.
void fault_of_transport(const act_http_in_t *in, fault_t *ret_fault);
// An answer with an error status.
void fault_of_status(const act_http_in_t *in, fault_t *ret_fault);
// An error in the middle of a stream that began well: {"error": {...}}, or the object inside.
void fault_of_event(const json_t *event, fault_t *ret_fault);
// One of ours: the stream was cut, the answer is not what it should be.
void fault_set(fault_t *ret_fault, fault_kind_t kind, const char *text);
