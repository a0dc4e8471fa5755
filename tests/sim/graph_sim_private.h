// graph_sim_private: what the files of graph_sim share. Exchange: one request and its answer;
// exactly one graph_respond* (or graph_hang_up) follows. Handlers are rows of the route table in
// graph_sim.c.
#pragma once
#include "base/buf.h"
#include "io/http_server.h"
#include "sim/graph_agenda.h"
#include "sim/graph_behaviour.h"
#include "sim/graph_fault.h"
#include "sim/graph_hooks.h"
#include "sim/graph_ledger.h"
#include "sim/graph_media.h"
#include "sim/graph_sim.h"

#define GRAPH_WAITERS_MAX_COUNT 64
#define GRAPH_PARTS_MAX_COUNT 3

typedef struct {
    act_http_request_t *request;
    act_timer_t *timer;
    graph_sim_t *sim;
    uint64_t count;
} graph_waiter_t;

// What happened since the last reset.
typedef struct {
    uint64_t refused_count;
    uint64_t failed_count;
    uint64_t unauthorised_count;
    uint64_t hung_up_count;
    uint64_t accepted_then_hung_up_count;
    uint64_t reads_count;
    uint64_t typings_count;
} graph_counts_t;

struct graph_sim {
    act_loop_t *loop;
    act_http_server_t *server;
    int listener;
    uint16_t port;
    const char *host;
    graph_behaviour_t behaviour;
    graph_ledger_t *ledger;
    graph_hooks_t *hooks;
    graph_media_t *media;
    graph_agenda_t *agenda; // answers that come later
    graph_waiter_t waiters[GRAPH_WAITERS_MAX_COUNT];
    graph_counts_t counts;
    char run[17]; // part of message ids: no two runs share one
    uint64_t last_message;
    act_buf_t out; // the answer being written
};

// One request on its way through a handler.
typedef struct {
    graph_sim_t *sim;
    act_http_request_t *request;
    act_str_t parts[GRAPH_PARTS_MAX_COUNT]; // of the path
} graph_exchange_t;

// --- answers (graph_exchange.c) ------------------------------------------------------------------

// The buffer of the answer, emptied. Fill it, then graph_respond or graph_respond_later.
act_buf_t *graph_fresh_out(graph_sim_t *self);
void graph_respond(graph_exchange_t *exchange, uint16_t status);
// After the latency the behaviour asks for; at once when too many wait already.
void graph_respond_later(graph_exchange_t *exchange, uint16_t status, uint32_t retry_after_s);
void graph_respond_fault(graph_exchange_t *exchange, const graph_fault_t *fault);
void graph_respond_text(graph_exchange_t *exchange, uint16_t status, const char *json);
void graph_respond_error(graph_exchange_t *exchange, uint16_t status, act_str_t text);

// --- handlers ------------------------------------------------------------------------------------

// graph_send.c
void graph_handle_send(graph_exchange_t *exchange);

// graph_control.c
void graph_handle_behaviour(graph_exchange_t *exchange);
void graph_handle_ledger(graph_exchange_t *exchange);
void graph_handle_stats(graph_exchange_t *exchange);
void graph_handle_reset(graph_exchange_t *exchange);
void graph_handle_wait(graph_exchange_t *exchange);
// Answers those whose count is reached, or all.
void graph_wake_waiters(graph_sim_t *self, bool is_ending);
