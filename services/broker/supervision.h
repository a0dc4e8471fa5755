// supervision: what the bus shows of children and can be told about them. Rows of views.c's table.
#pragma once
#include "proto/broker.h"
#include "views.h"

typedef void supervision_fn(views_t *self, const act_header_t *header, act_str_t body,
                            uint64_t call_id);
supervision_fn supervision_restart, supervision_drain, supervision_scale, supervision_obituaries,
    supervision_logs;

// The rolls of a StatusReply, in the arena.
void supervision_fill_status(const views_t *self, act_arena_t *arena, status_reply_t *ret_reply);

// Gives obituaries that are not stored yet to persistence, one after the other; called now and then.
// One that is refused again and again stays in the broker's own list alone.
void supervision_store_obituaries(views_t *self);
