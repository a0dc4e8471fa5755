// service: a name that calls are sent to, its instances, and the calls that wait for any of them.
#pragma once
#include "peer.h"

struct service {
    char name[ACT_HEADER_NAME_MAX_BYTES + 1];
    peer_t *instances;                      // linked by next_in_service
    entry_list_t queue[ENTRY_QUEUES_COUNT]; // calls without a key, or while no instance is there
    uint32_t queued_count;                  // here, in its instances' queues, and in its lanes
    uint64_t queued_bytes;
    bool has_trace_share; // else the broker's (traces.h)
    uint64_t trace_below;
    uint32_t queued_by_class[ACT_CLASS_COUNT];
    uint32_t lanes_count;
    bool is_expected;       // has a child in parley.yaml: calls wait for it
    bool is_parked;         // its child crashes too often: calls are refused at once
    uint32_t bulk_turns;    // dispatches since the last bulk one
    int64_t interactive_ms; // when the last interactive call came
    bool needs_feed;        // is in the broker's list of those with something to send
    service_t *next_to_feed;
    uint64_t calls, errors; // answered
    latency_t latency;
};

typedef struct services services_t;

services_t *services_new(void);
void services_destroy(services_t **self_p);
service_t *services_find(services_t *self, act_str_t name);
// Finds or adds; NULL when there are too many.
service_t *services_put(services_t *self, act_str_t name);
service_t *services_next(services_t *self, uint32_t *index);

void service_join(service_t *self, peer_t *peer);
void service_leave(service_t *self, peer_t *peer);

// Who should get a call: with a key the instance that rendezvous hashing names among those that
// take calls (the same one while it lives; when one goes only its keys move); without a key the one
// with most free credit. NULL: none takes calls.
peer_t *service_choose(const service_t *self, act_str_t key);

// Queue an entry for `peer`, or for any instance when peer is NULL.
void service_enqueue(service_t *self, entry_t *entry, peer_t *peer, bool at_front);
void service_dequeue(service_t *self, entry_t *entry);
// A call that waits elsewhere (in a lane, for an outcome) counts against the bounds, too.
void service_count_in(service_t *self, const entry_t *entry);
void service_count_out(service_t *self, const entry_t *entry);
// How long the call that waits longest has waited; 0 when none waits.
int64_t service_oldest_wait_ms(const service_t *self, int64_t now_ms);
// Are there instances that would take calls if they were not paused?
bool service_is_paused(const service_t *self);

// The next entry this instance should get, by class and age, left in its queue; NULL: none fits its
// credit. Control goes first, then suspects, one in hand at a time; of the others every eighth is bulk when
// bulk waits. While interactive calls come, bulk gets an eighth of the instance's credit, so that they do not
// wait behind it.
entry_t *service_pick(service_t *self, peer_t *peer, int64_t now_ms);
