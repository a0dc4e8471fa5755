// tcp_tape: a TCP proxy on a free port of the loopback that records what the client sends, and can send it
// again. One client; everything happens in this thread, in tcp_tape_turn.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct tcp_tape tcp_tape_t;

// Each turn of the tape also calls turn(context): the server behind it is in this process.
tcp_tape_t *tcp_tape_new(int server_port, void (*turn)(void *context), void *context);
void tcp_tape_destroy(tcp_tape_t **self_p);
int tcp_tape_port(const tcp_tape_t *self);
void tcp_tape_turn(tcp_tape_t *self);
// Recorded from the client so far.
size_t tcp_tape_bytes(const tcp_tape_t *self);

// Sends what the client wrote last once more, on its connection.
void tcp_tape_repeat_last(tcp_tape_t *self);
// Turns until the server has closed the connection; false: it did not.
bool tcp_tape_until_closed(tcp_tape_t *self);
// Sends the whole record on a new connection, piece by piece as the client did, and turns until the
// server closes it; false: it did not.
bool tcp_tape_replay(tcp_tape_t *self);
