// pending: the calls an actor waits for. A row a call, found by id in constant time; ids are never
// used twice, so a late or repeated answer finds nothing. Bounded.
#pragma once
#include "actor/actor.h"

#include <zmq.h>

// More calls than this at a time is a bug or a flood; the caller hears OVERLOADED.
#define ACT_PENDING_MAX_COUNT 16384

typedef struct act_pending act_pending_t;

typedef struct {
    uint64_t id; // 0: free row
    int64_t deadline_ms;
    const char *service;
    const act_method_t *method;
    act_reply_fn *trampoline;
    act_fn_t *fn;
    void *context;
    // What is needed to send it again to a new broker: all but budget and id.
    char tenant[ACT_HEADER_NAME_MAX_BYTES + 1];
    char key[ACT_HEADER_KEY_MAX_BYTES + 1];
    char idempotency_key[ACT_HEADER_KEY_MAX_BYTES + 1];
    act_header_t header; // views point into the texts above
    zmq_msg_t body;      // shares its bytes with the frame that was sent
    bool was_sent;       // to the present broker
    uint64_t parent_id;  // the call that was served when it was made; 0: none
    void (*on_part)(void *context, uint32_t sequence, act_str_t body);
    void *part_context;
    uint32_t parts_window;
    uint32_t parts_count; // that came
    uint32_t parts_taken; // that were asked for, in all
    bool parts_are_manual;
    act_arena_t *arena; // where the reply is to live; NULL: nowhere
    act_tape_t *tape;
    uint32_t tape_place;
    const act_reply_t *known; // from the tape: it is not sent
    bool is_lost;             // was with a broker that died, and may not run again
} act_pending_row_t;

act_pending_t *act_pending_new(void);
void act_pending_destroy(act_pending_t **self_p);

// A new row with its id, zeroed otherwise; NULL when full. Valid until act_pending_remove.
act_pending_row_t *act_pending_add(act_pending_t *self);
act_pending_row_t *act_pending_find(act_pending_t *self, uint64_t id);
void act_pending_remove(act_pending_t *self, uint64_t id);
uint32_t act_pending_count(const act_pending_t *self);

// Walk: the first open row at or after *index, NULL at the end; *index moves behind it. Rows may be
// removed and added during a walk.
act_pending_row_t *act_pending_next(act_pending_t *self, uint32_t *index);
