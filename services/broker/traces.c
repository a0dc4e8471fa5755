// traces: sampling, a ring of traces with an index, and writing hops.
#include "traces.h"

#include "base/mem.h"

#include <string.h>

#define BUCKETS_COUNT 8192
#define FORCED_COUNT 1024
#define SECOND_US 1000000

struct traces {
    traces_limits_t limits;
    uint64_t sample_below;
    trace_t ring[TRACES_MAX_COUNT];
    uint64_t count;                  // traces ever; the newest is at (count - 1) % TRACES_MAX_COUNT
    uint32_t buckets[BUCKETS_COUNT]; // place in the ring + 1
    uint64_t forced[FORCED_COUNT];   // low halves of traces kept for an error or their duration
    int64_t forced_second;
    uint32_t forced_in_second;
    hops_t *hops;
    names_t *names;
    traces_counters_t counters;
};

// The share as a bound of a 32-bit hash.
static uint64_t bound_of(uint32_t sample_ppm)
{
    uint64_t ppm = sample_ppm < TRACES_PPM_MAX ? sample_ppm : TRACES_PPM_MAX;
    return (ppm << 32) / TRACES_PPM_MAX;
}

traces_t *traces_new(const traces_limits_t *limits)
{
    traces_t *self = act_alloc(sizeof *self);
    self->limits = *limits;
    self->sample_below = bound_of(limits->sample_ppm);
    self->hops = hops_new();
    self->names = names_new();
    return self;
}

void traces_destroy(traces_t **self_p)
{
    if (!*self_p)
        return;
    hops_destroy(&(*self_p)->hops);
    names_destroy(&(*self_p)->names);
    act_free(act_take(self_p));
}

// --- sampling ------------------------------------------------------------------------------------

void traces_set_share(traces_t *self, uint32_t sample_ppm)
{
    self->limits.sample_ppm = sample_ppm;
    self->sample_below = bound_of(sample_ppm);
}

void traces_set_service_share(service_t *service, uint32_t sample_ppm)
{
    service->has_trace_share = true;
    service->trace_below = bound_of(sample_ppm);
}

// Ids count up in places (services/ingress/post.c), so their bits are mixed first.
static uint32_t hash_of(uint64_t low)
{
    low ^= low >> 32;
    low *= UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(low >> 32);
}

bool traces_is_sampled(const traces_t *self, const service_t *service, const act_trace_t *trace)
{
    uint64_t below =
        service && service->has_trace_share ? service->trace_below : self->sample_below;
    uint32_t hash = hash_of(trace->trace_low);
    return trace->trace_low != 0 &&
           (hash < below || self->forced[hash % FORCED_COUNT] == trace->trace_low);
}

// May this trace be kept though its id is not of the sample? Then its chain is followed from now on.
static bool force(traces_t *self, const act_trace_t *trace, int64_t now_us)
{
    if (trace->trace_low == 0)
        return false; // a call without a story
    int64_t second = now_us / SECOND_US;
    if (second != self->forced_second) {
        self->forced_second = second;
        self->forced_in_second = 0;
    }
    if (self->forced_in_second == TRACES_FORCED_PER_S) {
        self->counters.skipped++;
        return false;
    }
    self->forced_in_second++;
    self->counters.forced++;
    self->forced[hash_of(trace->trace_low) % FORCED_COUNT] = trace->trace_low;
    return true;
}

// --- the traces --------------------------------------------------------------------------------------

static trace_t *find(const traces_t *self, uint64_t high, uint64_t low)
{
    uint32_t place = self->buckets[hash_of(low) % BUCKETS_COUNT];
    while (place) {
        const trace_t *trace = &self->ring[place - 1];
        if (trace->low == low && trace->high == high)
            return (trace_t *)(uintptr_t)trace;
        place = trace->next;
    }
    return NULL;
}

static void leave_bucket(traces_t *self, const trace_t *trace)
{
    uint32_t place = (uint32_t)(trace - self->ring) + 1;
    uint32_t *at = &self->buckets[hash_of(trace->low) % BUCKETS_COUNT];
    while (*at && *at != place)
        at = &self->ring[*at - 1].next;
    if (*at)
        *at = trace->next;
}

// Takes the oldest one's place.
static trace_t *add(traces_t *self, uint64_t high, uint64_t low)
{
    uint32_t place = (uint32_t)(self->count % TRACES_MAX_COUNT);
    trace_t *trace = &self->ring[place];
    if (self->count++ >= TRACES_MAX_COUNT)
        leave_bucket(self, trace);
    uint32_t *bucket = &self->buckets[hash_of(low) % BUCKETS_COUNT];
    *trace = (trace_t){.high = high, .low = low, .next = *bucket};
    *bucket = place + 1;
    self->counters.sampled++;
    return trace;
}

static void extend(trace_t *trace, int64_t from_us, int64_t to_us)
{
    if (trace->hops_count == 0 || from_us < trace->first_us)
        trace->first_us = from_us;
    if (trace->hops_count == 0 || to_us > trace->last_us)
        trace->last_us = to_us;
}

// --- writing hops ------------------------------------------------------------------------------------

static void write(traces_t *self, trace_t *trace, hop_t *hop)
{
    if (trace->hops_count == 0) {
        trace->service = hop->service;
        trace->method = hop->method;
    }
    int64_t from_us = hop->kind == HOP_STAGE ? hop->at_us - hop->work_us : hop->at_us;
    extend(trace, from_us, hop->at_us);
    hop->trace_low = trace->low;
    hop->previous = trace->last_hop;
    trace->last_hop = hops_add(self->hops, hop);
    trace->hops_count++;
    // A call that its caller gave up is no error of the chain.
    trace->is_error |= hop->err != ACT_E_OK && hop->kind != HOP_CANCELLED;
}

static trace_t *trace_of(traces_t *self, const act_header_t *header)
{
    const act_trace_t *id = &header->trace;
    trace_t *trace = find(self, id->trace_high, id->trace_low);
    if (!trace)
        trace = add(self, id->trace_high, id->trace_low);
    if (trace->tenant[0] == '\0')
        act_str_copy(header->tenant, trace->tenant, sizeof trace->tenant);
    return trace;
}

// Clients come under a new name with each process; their actor's name stands for them.
static uint16_t name_of(traces_t *self, const peer_t *peer)
{
    if (!peer)
        return names_put(self->names, ACT_STR(""));
    return names_put(self->names, act_str(peer->service ? peer->instance : peer->actor));
}

static hop_t hop_of(traces_t *self, const act_header_t *header, const peer_t *caller)
{
    return (hop_t){
        .caller = name_of(self, caller),
        .service = names_put(self->names, header->service),
        .method = names_put(self->names, header->method),
        .instance = name_of(self, NULL),
        .attempt = header->attempt,
    };
}

static uint32_t duration_us(int64_t from_us, int64_t to_us)
{
    int64_t duration = to_us - from_us;
    return duration < 0 ? 0 : duration > UINT32_MAX ? UINT32_MAX : (uint32_t)duration;
}

static hop_t hop_of_entry(traces_t *self, const entry_t *entry)
{
    hop_t hop = hop_of(self, &entry->header, entry->caller);
    hop.call_id = entry->id;
    return hop;
}

static void write_queued(traces_t *self, const entry_t *entry)
{
    hop_t hop = hop_of_entry(self, entry);
    hop.kind = HOP_QUEUED;
    hop.at_us = entry->accepted_us;
    write(self, trace_of(self, &entry->header), &hop);
}

static void write_sent(traces_t *self, const entry_t *entry)
{
    trace_t *trace = trace_of(self, &entry->header);
    hop_t hop = hop_of_entry(self, entry);
    hop.instance = name_of(self, entry->worker);
    hop.at_us = entry->dispatched_us;
    hop.queue_us = duration_us(entry->queued_us, entry->dispatched_us);
    hop.kind = HOP_GRANTED;
    write(self, trace, &hop);
    hop.kind = HOP_SENT;
    write(self, trace, &hop);
}

void traces_on_queued(traces_t *self, entry_t *entry)
{
    entry->is_traced = traces_is_sampled(self, entry->service, &entry->header.trace);
    if (!entry->is_traced)
        return;
    entry->header.flags |= ACT_FLAG_SAMPLED;
    write_queued(self, entry);
}

void traces_on_sent(traces_t *self, const entry_t *entry)
{
    if (entry->is_traced)
        write_sent(self, entry);
}

// A call that was not of the sample is to be kept: what happened to it so far.
static bool write_past(traces_t *self, entry_t *entry, int64_t now_us)
{
    if (!force(self, &entry->header.trace, now_us))
        return false;
    entry->is_traced = true;
    entry->header.flags |= ACT_FLAG_SAMPLED;
    write_queued(self, entry);
    if (entry->state != ENTRY_QUEUED && entry->worker)
        write_sent(self, entry);
    return true;
}

void traces_on_requeued(traces_t *self, entry_t *entry, int64_t now_us)
{
    entry->queued_us = now_us;
    if (!entry->is_traced && !write_past(self, entry, now_us))
        return;
    hop_t hop = hop_of_entry(self, entry);
    hop.kind = HOP_REQUEUED;
    hop.at_us = now_us;
    hop.instance = name_of(self, entry->worker);
    hop.work_us = duration_us(entry->dispatched_us, now_us);
    write(self, trace_of(self, &entry->header), &hop);
}

static bool is_slow(const traces_t *self, const entry_t *entry, int64_t now_us)
{
    return self->limits.slow_ms > 0 &&
           now_us - entry->accepted_us > (int64_t)self->limits.slow_ms * 1000;
}

void traces_on_end(traces_t *self, entry_t *entry, hop_kind_t kind, act_err_t err, int64_t now_us)
{
    if (!entry->is_traced && kind == HOP_ACKED && err == ACT_E_OK && !is_slow(self, entry, now_us))
        return;
    if (!entry->is_traced && !write_past(self, entry, now_us))
        return;
    hop_t hop = hop_of_entry(self, entry);
    hop.kind = (uint8_t)kind;
    hop.at_us = now_us;
    hop.err = (uint32_t)err;
    if (entry->state != ENTRY_QUEUED && entry->worker) {
        hop.instance = name_of(self, entry->worker);
        hop.work_us = duration_us(entry->dispatched_us, now_us);
    } else {
        hop.queue_us = duration_us(entry->queued_us, now_us);
    }
    write(self, trace_of(self, &entry->header), &hop);
}

bool traces_on_cast(traces_t *self, const act_header_t *header, const peer_t *caller,
                    const peer_t *worker, int64_t now_us)
{
    if (!traces_is_sampled(self, worker->service, &header->trace))
        return false;
    hop_t hop = hop_of(self, header, caller);
    hop.kind = HOP_SENT;
    hop.at_us = now_us;
    hop.instance = name_of(self, worker);
    write(self, trace_of(self, header), &hop);
    return true;
}

void traces_on_stage(traces_t *self, const act_trace_t *id, act_str_t turn_id, const peer_t *actor,
                     const traces_stage_t *stage)
{
    trace_t *trace = find(self, id->trace_high, id->trace_low);
    if (!trace)
        return;
    hop_t hop = {
        .kind = HOP_STAGE,
        .at_us = stage->ended_us,
        .work_us = stage->took_us,
        .err = (uint32_t)stage->err,
        .caller = name_of(self, actor),
        .service = names_put(self->names, act_str(actor->service ? actor->service->name : "")),
        .method = names_put(self->names, stage->name),
        .instance = name_of(self, actor),
    };
    act_str_copy(turn_id, trace->turn_id, sizeof trace->turn_id);
    write(self, trace, &hop);
}

// --- reading -------------------------------------------------------------------------------------

const trace_t *traces_at(const traces_t *self, uint32_t index)
{
    if (index >= self->count || index >= TRACES_MAX_COUNT)
        return NULL;
    return &self->ring[(self->count - 1 - index) % TRACES_MAX_COUNT];
}

const trace_t *traces_find(const traces_t *self, uint64_t high, uint64_t low)
{
    return find(self, high, low);
}

const trace_t *traces_find_turn(const traces_t *self, act_str_t turn_id)
{
    uint32_t index = 0;
    for (const trace_t *trace = traces_at(self, index); trace; trace = traces_at(self, ++index))
        if (!act_str_empty(turn_id) && act_str_is(turn_id, trace->turn_id))
            return trace;
    return NULL;
}

const hop_t *traces_hop_before(const traces_t *self, const trace_t *trace, const hop_t *hop)
{
    return hops_find(self->hops, hop ? hop->previous : trace->last_hop);
}

act_str_t traces_name(const traces_t *self, uint16_t number)
{
    return names_text(self->names, number);
}

const traces_counters_t *traces_counters(const traces_t *self)
{
    return &self->counters;
}

const hops_t *traces_hops(const traces_t *self)
{
    return self->hops;
}
