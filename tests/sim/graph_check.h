// graph_check: is a send request one that the Cloud API would take? Written from the reference
// (channels.md 1.9 to 1.11) and not from our client, so that each finds the mistakes of the other.
// Stricter than Meta where Meta is silent: unknown members at the top are refused.
#pragma once
#include "base/arena.h"
#include "sim/graph_fault.h"

#include <jansson.h>

typedef struct {
    bool is_read; // "mark as read": only message_id and has_typing are set
    bool has_typing;
    bool is_user_id; // to is a business-scoped user id, not a phone
    act_str_t message_id;
    act_str_t to; // as given
    act_str_t type;
    act_str_t text; // body, caption or template name; may be empty
    act_str_t outbox_id;
} graph_send_t;

// Views borrow from the request; the details of a fault are in the arena.
bool graph_check(const json_t *request, act_arena_t *arena, graph_send_t *ret_send,
                 graph_fault_t *ret_fault);
