// broker_oracle: what must hold of every frame in a simulated run, judged from outside the broker: it
// sees what went in and came out, and who was alive.
#pragma once
#include "broker_world.h"

// What the world knows of an instance when the broker sends to it.
typedef struct {
    uint32_t worker;
    uint32_t held_count; // calls it has or that are on their way to it, with this one
} oracle_worker_t;

typedef struct oracle oracle_t;

oracle_t *oracle_new(char *violation, size_t violation_bytes);
void oracle_destroy(oracle_t **self_p);

// A client makes a call; its number, from 0.
uint32_t oracle_ask(oracle_t *self, uint32_t client, uint32_t lane, uint32_t repeat_of,
                    uint32_t budget_ms);
#define ORACLE_NO_LANE UINT32_MAX
#define ORACLE_NO_REPEAT UINT32_MAX
// It has arrived at the broker: from now on it has its place in its lane, and its time runs.
void oracle_on_arrival(oracle_t *self, uint32_t number, int64_t now_us);
void oracle_on_grant(oracle_t *self, uint32_t number, const act_header_t *header,
                     const oracle_worker_t *worker, int64_t now_us);
// A worker's answer is about to reach the broker.
void oracle_on_done(oracle_t *self, uint64_t id, bool is_reply, int64_t now_us);
// The instance died, is lost to the broker, or has a new connection: its calls are anyone's.
void oracle_on_taken(oracle_t *self, uint32_t worker, int64_t now_us);
// An answer reached its caller.
void oracle_on_answer(oracle_t *self, uint32_t number, int64_t now_us);
// Its caller has gone or does not wait: no answer has to come.
void oracle_let_go(oracle_t *self, uint32_t number);
bool oracle_is_open(const oracle_t *self, uint32_t number);
// The client's open calls are let go.
void oracle_forget_client(oracle_t *self, uint32_t client);
// Was all answered?
void oracle_at_end(oracle_t *self);
uint64_t oracle_p99_requeue_us(oracle_t *self);
void oracle_violation(oracle_t *self, const char *format, ...) ACT_PRINTF(2, 3);
