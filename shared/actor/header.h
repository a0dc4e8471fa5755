// header: the first of the two frames of every bus message, a fixed msgpack array. It is all the
// broker reads; the body behind it is opaque to the broker. All views borrow from the decoded frame.
#pragma once
#include "base/buf.h"
#include "base/err.h"

#define ACT_HEADER_VERSION 1

// Names on the wire are short; longer ones are malformed. Tenant, service and method are ours; key,
// sender and idempotency key may hold two ids.
#define ACT_HEADER_NAME_MAX_BYTES 64
#define ACT_HEADER_KEY_MAX_BYTES 160
// Name of the cell, where PARLEY_CELL does not say another one (also in the table of shared/actor/main.c).
#define ACT_CELL_DEFAULT "main"

// A call may pass through this many actors; more is a loop (broker.md row 3).
#define ACT_HEADER_MAX_HOPS 8

typedef enum {
    ACT_KIND_HELLO = 1,   // actor -> broker: hello_t (proto/broker.proto)
    ACT_KIND_WELCOME,     // broker -> actor: welcome_t
    ACT_KIND_REFUSED,     // broker -> actor: HELLO was not accepted, err says why
    ACT_KIND_HELLO_AGAIN, // broker -> unknown peer: say HELLO first
    ACT_KIND_CALL,        // wants exactly one REPLY or ERROR
    ACT_KIND_REPLY,
    ACT_KIND_ERROR,     // err in the header, error_body_t in the body
    ACT_KIND_CANCEL,    // caller -> broker -> worker: nobody waits for this id any more
    ACT_KIND_CAST,      // a hint: delivered at most once, never answered
    ACT_KIND_SUBSCRIBE, // service = topic
    ACT_KIND_UNSUBSCRIBE,
    ACT_KIND_EVENT, // service = topic; fanned out to its subscribers, dropped where they are slow
    ACT_KIND_PING,  // either side after silence; stats_t in the actor's
    ACT_KIND_PONG,
    ACT_KIND_DRAIN, // broker -> actor: finish what you hold, then BYE
    ACT_KIND_BYE,
    ACT_KIND_PARTIAL, // worker -> broker -> caller: part number `sequence` of an answer
    ACT_KIND_CREDIT,  // caller -> broker -> worker: it takes credit_messages parts in all
    ACT_KIND_LAST = ACT_KIND_CREDIT,
} act_kind_t;

// Control frames never wait behind data, interactive work never behind bulk.
typedef enum {
    ACT_CLASS_CONTROL,
    ACT_CLASS_INTERACTIVE,
    ACT_CLASS_BULK,
    ACT_CLASS_COUNT
} act_class_t;

enum {
    ACT_FLAG_RETRY_SAFE = 1u << 0, // may run again after its worker died
    ACT_FLAG_SAMPLED = 1u << 8,    // set by the broker: this trace is followed, stages are welcome
    ACT_FLAG_ORDERED = 1u << 1,    // calls of one key run one after the other (a lane)
    ACT_FLAG_DIRECT = 1u << 2,     // the key names the instance that has to take it
    ACT_FLAG_POLL = 1u << 3,       // lost with its worker: WORKER_LOST, and no dead letter
};

// Where a message belongs in the story of one customer message (W3C trace context).
typedef struct {
    uint64_t trace_high;
    uint64_t trace_low;
    uint64_t span;
} act_trace_t;

typedef struct {
    uint8_t kind;   // act_kind_t
    uint8_t class_; // act_class_t
    uint32_t flags;
    uint64_t
        id; // chosen by the sender of a CALL, unique while it is open; REPLY and ERROR carry it back
    act_trace_t trace;
    act_str_t sender; // instance name; stamped by the broker, ignored from peers
    act_str_t tenant;
    act_str_t service; // or topic
    act_str_t method;
    act_str_t key;      // partition key; empty: any instance
    uint32_t budget_ms; // time left when it was sent; 0 only where no answer is awaited
    uint8_t attempt;    // from 1
    uint8_t hops;
    act_str_t idempotency_key;
    // HELLO, PING, PONG, REPLY, ERROR: how many calls the actor takes at a time (0: as before). CALL
    // and CREDIT: how many partial replies the caller takes in all.
    uint32_t credit_messages;
    uint32_t credit_bytes;
    uint32_t err;      // act_err_t; ERROR and REFUSED
    uint32_t sequence; // PARTIAL: number of the part, from 0
} act_header_t;

void act_header_pack(const act_header_t *self, act_buf_t *out);

// Checks everything it reads, lengths and ranges included; ACT_E_MALFORMED otherwise.
ACT_MUST_CHECK act_err_t act_header_unpack(act_str_t frame, act_header_t *ret_header);

const char *act_kind_name(act_kind_t kind);
