// hops: what happened to sampled calls on their way through the broker, in a ring of fixed size: the
// newest HOPS_MAX_COUNT are kept. Each hop knows the one before it of the same trace, so that one
// trace is read without looking at the others.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// 64 bytes each: 4 MiB.
#define HOPS_MAX_COUNT 65536

// Texts are those of the wire and of `parley trace`.
#define HOP_KINDS(X)                                                                               \
    X(QUEUED, "queued")       /* accepted from its caller */                                       \
    X(GRANTED, "granted")     /* an instance with credit was found for it */                       \
    X(SENT, "sent")           /* given to that instance; for casts the only hop */                 \
    X(ACKED, "acked")         /* answered by the instance, with a reply or an error */             \
    X(REQUEUED, "requeued")   /* its instance went away; waits for another */                      \
    X(DEAD, "dead")           /* given up after too many instances */                              \
    X(CANCELLED, "cancelled") /* its caller did not wait any longer */                             \
    X(EXPIRED, "expired")     /* its budget ran out */                                             \
    X(FAILED, "failed")       /* answered by the broker itself with an error */                    \
    X(STAGE, "stage")         /* an actor's own account of its time, as a stage of a turn */
typedef enum {
#define X(name, text) HOP_##name,
    HOP_KINDS(X)
#undef X
        HOP_KINDS_COUNT
} hop_kind_t;

// Names are numbers of names.h.
typedef struct {
    uint64_t trace_low;
    int64_t at_us; // monotonic; of a STAGE its end
    uint64_t call_id;
    uint64_t previous; // number of the hop before it in this trace; 0: none
    uint32_t queue_us; // GRANTED, SENT: how long it waited
    uint32_t work_us;  // ACKED: how long the instance had it; STAGE: how long it took
    uint32_t err;      // act_err_t
    uint16_t caller, service, method, instance;
    uint8_t kind;
    uint8_t attempt;
} hop_t;

typedef struct hops hops_t;

hops_t *hops_new(void);
void hops_destroy(hops_t **self_p);
// Copies the hop over the oldest one. Returns its number, from 1.
uint64_t hops_add(hops_t *self, const hop_t *hop);
// NULL when it was overwritten, or never was.
const hop_t *hops_find(const hops_t *self, uint64_t number);
// How many were written, and how many of those are gone.
uint64_t hops_written_count(const hops_t *self);
uint64_t hops_overwritten_count(const hops_t *self);
const char *hop_kind_name(uint8_t kind);
