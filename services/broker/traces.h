// traces: which calls are followed, and what was seen of them. A trace id is the story of one customer
// message: whether it is sampled is decided by a hash of the id, so its whole chain is sampled
// together, in every service whose share is the same. Not sampled costs a hash and two compares.
//
// Calls that end with an error, or take longer than slow_ms, are kept whatever their id: what is
// known of them is written when they end, and the rest of their chain is followed from then on. Under
// a flood of errors that is bounded to FORCED_PER_S a second.
//
// Memory is fixed: the newest TRACES_MAX_COUNT traces and the newest HOPS_MAX_COUNT hops.
#pragma once
#include "hops.h"
#include "names.h"
#include "service.h"

#define TRACES_MAX_COUNT 4096
#define TRACES_PPM_MAX 1000000
// Traces kept in a second because of an error or their duration.
#define TRACES_FORCED_PER_S 100

typedef struct {
    uint32_t sample_ppm; // of a million traces, where a service has no share of its own
    uint32_t slow_ms;    // a call that takes longer is always kept; 0: none is
} traces_limits_t;

typedef struct {
    uint64_t high, low;
    int64_t first_us, last_us; // monotonic; of its hops
    uint64_t last_hop;         // number in hops
    uint32_t hops_count;
    uint16_t service, method; // of the first hop
    bool is_error;
    char tenant[ACT_HEADER_NAME_MAX_BYTES + 1];
    char turn_id[37]; // once its stages are known
    uint32_t next;    // in its bucket; place + 1
} trace_t;

typedef struct {
    uint64_t sampled; // traces followed, for whatever reason
    uint64_t forced;  // of those, because of an error or their duration
    uint64_t skipped; // not kept because there were too many of those
} traces_counters_t;

typedef struct traces traces_t;

traces_t *traces_new(const traces_limits_t *limits);
void traces_destroy(traces_t **self_p);

void traces_set_share(traces_t *self, uint32_t sample_ppm);
void traces_set_service_share(service_t *service, uint32_t sample_ppm);
// service NULL: the share of those that have none of their own.
bool traces_is_sampled(const traces_t *self, const service_t *service, const act_trace_t *trace);

// --- what happens to a call; now_us is monotonic -------------------------------------------------------

// Decides: entry->is_traced; a traced call's header says so to whoever works on it.
void traces_on_queued(traces_t *self, entry_t *entry);
void traces_on_sent(traces_t *self, const entry_t *entry);
// The instance that had it is gone; it waits for another.
void traces_on_requeued(traces_t *self, entry_t *entry, int64_t now_us);
// kind: how it ended: ACKED, DEAD, CANCELLED, EXPIRED, FAILED.
void traces_on_end(traces_t *self, entry_t *entry, hop_kind_t kind, act_err_t err, int64_t now_us);
// A hint from caller to worker; call_id is 0. Returns whether it is traced.
bool traces_on_cast(traces_t *self, const act_header_t *header, const peer_t *caller,
                    const peer_t *worker, int64_t now_us);

// An actor's account of its own time, of a trace that is followed (others are not kept).
typedef struct {
    act_str_t name;
    int64_t ended_us; // monotonic
    uint32_t took_us;
    act_err_t err;
} traces_stage_t;
void traces_on_stage(traces_t *self, const act_trace_t *trace, act_str_t turn_id,
                     const peer_t *actor, const traces_stage_t *stage);

// --- reading -------------------------------------------------------------------------------------

// From the newest, index 0, on; NULL at the end.
const trace_t *traces_at(const traces_t *self, uint32_t index);
const trace_t *traces_find(const traces_t *self, uint64_t high, uint64_t low);
const trace_t *traces_find_turn(const traces_t *self, act_str_t turn_id);
// The hop before this one in the trace (NULL: from its newest); NULL at the end, or where older hops
// were overwritten.
const hop_t *traces_hop_before(const traces_t *self, const trace_t *trace, const hop_t *hop);
act_str_t traces_name(const traces_t *self, uint16_t number);
const traces_counters_t *traces_counters(const traces_t *self);
const hops_t *traces_hops(const traces_t *self);
