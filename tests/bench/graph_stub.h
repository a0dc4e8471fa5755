// The least that can stand in for Meta's Graph API in front of a load driver: accepts every message,
// remembers none, and tells at once who it was for. One epoll inside the caller's loop:
//
//     poll graph_stub_fd for reading; when it is ready, call graph_stub_turn.
//
// tests/sim/graph_sim is the one that checks what it is sent; this one is only fast.

#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct graph_stub graph_stub_t;

// All of it is borrowed for the length of the call.
typedef struct {
    const char *to; // "to" or "recipient" of the message
    size_t to_bytes;
    const char *body; // the whole request
    size_t body_bytes;
} graph_message_t;

typedef void(graph_message_fn)(void *context, const graph_message_t *message);

// Listens on 127.0.0.1. NULL, with errno set, when the port cannot be had.
graph_stub_t *graph_stub_new(uint16_t port, graph_message_fn *on_message, void *context);
void graph_stub_destroy(graph_stub_t **self_p);

int graph_stub_fd(const graph_stub_t *self);
// Does what can be done without waiting.
void graph_stub_turn(graph_stub_t *self);

// Requests without a recipient: messages marked as read, typing shown.
uint64_t graph_stub_marks_count(const graph_stub_t *self);
// Requests that could not be understood; their connections were closed.
uint64_t graph_stub_broken_count(const graph_stub_t *self);
