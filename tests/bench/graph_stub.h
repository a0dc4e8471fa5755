// The least that can stand in for Meta's Graph API in front of a load driver: tells at once who a
// message was for, answers as the caller says, and remembers none. One epoll inside the caller's loop:
//
//     poll graph_stub_fd for reading; when it is ready, and at graph_stub_due_us at the latest, call
//     graph_stub_turn.
//
// tests/sim/graph_sim is the one that checks what it is sent; this one is only fast.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRAPH_WAMID_BYTES 48

typedef struct graph_stub graph_stub_t;

// All of it is borrowed for the length of the call.
typedef struct {
    const char *to; // "to" or "recipient" of the message
    size_t to_bytes;
    const char *outbox_id;  // biz_opaque_callback_data
    size_t outbox_id_bytes; // 0: none
    const char *body;       // the whole request
    size_t body_bytes;
    const char *path; // of the request, with the account in it
    size_t path_bytes;
    const char *wamid;   // what it is called if it is accepted; no two alike
    uint64_t connection; // counts from 1, in the order they were opened
} graph_message_t;

// What the Graph API does with a message. All zero: accepts it and says so at once.
typedef struct {
    int64_t delay_us; // before it does anything else
    int refusal;      // HTTP status of an error; 0: accepted
    int code;         // Meta's code in the error
    bool hangs_up;    // closes the connection instead of answering
    bool is_cut;      // closes it in the middle of the answer
    bool is_garbage;  // answers 200 with something that is no JSON
} graph_answer_t;

typedef graph_answer_t(graph_message_fn)(void *context, const graph_message_t *message);

// host: an IPv4 address of ours, or NULL for 127.0.0.1. NULL, with errno set, when it or the port cannot be had.
graph_stub_t *graph_stub_new(const char *host, uint16_t port, graph_message_fn *on_message,
                             void *context);
void graph_stub_destroy(graph_stub_t **self_p);

int graph_stub_fd(const graph_stub_t *self);
// When the next delayed answer is due, in microseconds of load_now_us; INT64_MAX: none waits.
int64_t graph_stub_due_us(const graph_stub_t *self);
// Does what can be done without waiting.
void graph_stub_turn(graph_stub_t *self);

// Requests without a recipient: messages marked as read, typing shown.
uint64_t graph_stub_marks_count(const graph_stub_t *self);
// Requests that could not be understood; their connections were closed.
uint64_t graph_stub_broken_count(const graph_stub_t *self);
