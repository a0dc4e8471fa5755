// graph_behaviour: what a test told the simulator to do (POST /_sim/behaviour).
//   {"latency_ms": 50,                  answers to sends come so late
//    "fail": {"http": 500, "code": 130429, "times": 3, "to": "+1555...", "retry_after_s": 2},
//                                       sends that fail: -1 times is for ever; without "to" any;
//                                       code 0 (the default) has no body; null: no more
//    "hang_up": 1,                      so many sends: not accepted, connection closed
//    "accept_then_hang_up": 1,          so many sends: accepted, connection closed
//    "statuses": ["sent","delivered"],  webhooks for each accepted send; also read, played, failed
//    "status_code": 131026,             error of "failed"
//    "status_delay_ms": 100,            first status after one delay, second after two, ...
//    "statuses_per_post": 1,            updates in one webhook at most, up to 1000
//    "shuffle": true,                   each status after a random time within all of it
//    "duplicate_statuses": true}        each status twice
// Members that are absent stay as they are; one with a wrong name or type makes the whole a 400.
#pragma once
#include "base/arena.h"

#include <jansson.h>
#include <stdint.h>

#define GRAPH_STATUSES_MAX_COUNT 8

typedef struct {
    int64_t times; // left; -1: for ever
    uint16_t http;
    int32_t code;
    uint32_t retry_after_s;
    char to[160]; // "": any
} graph_fail_t;

typedef struct {
    int64_t latency_ms;
    graph_fail_t fail;
    int64_t hang_up_count;
    int64_t accept_then_hang_up_count;
    const char *statuses[GRAPH_STATUSES_MAX_COUNT];
    uint32_t statuses_count;
    int32_t status_code;
    int64_t status_delay_ms;
    uint32_t statuses_per_post;
    bool is_shuffled;
    bool is_doubled;
} graph_behaviour_t;

void graph_behaviour_reset(graph_behaviour_t *self);

// False and a text when the JSON is not as above; nothing is changed then.
bool graph_behaviour_apply(graph_behaviour_t *self, const json_t *json, act_str_t *ret_error);

typedef enum {
    GRAPH_TAKE,
    GRAPH_FAIL, // as told in fail
    GRAPH_HANG_UP,
} graph_decision_t;

// What to do with a send to this address before it is looked at; counts it.
graph_decision_t graph_behaviour_decide(graph_behaviour_t *self, act_str_t to);
// A send is accepted: hang up instead of answering? Counts it.
bool graph_behaviour_hangs_up_after(graph_behaviour_t *self);
