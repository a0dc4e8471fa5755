// queue: operations that wait for a connection, first in, first out, bounded in number and bytes.
#pragma once
#include "operation.h"

typedef struct queue queue_t;

queue_t *queue_new(size_t max_count, size_t max_bytes);
// What still waits ends without a word.
void queue_destroy(queue_t **self_p);

// Takes the operation; OVERLOADED (and it stays the caller's) when a bound is reached.
ACT_MUST_CHECK act_err_t queue_push(queue_t *self, operation_t **operation_p);
// Puts one back at the head. Never refused: it was here before.
void queue_push_front(queue_t *self, operation_t **operation_p);
// The head, which is then the caller's; NULL when empty.
operation_t *queue_pop(queue_t *self);
size_t queue_count(const queue_t *self);
