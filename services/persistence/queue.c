// queue: see queue.h.
#include "queue.h"

struct queue {
    operation_t *head;
    operation_t *tail;
    size_t count;
    size_t bytes;
    size_t max_count;
    size_t max_bytes;
};

queue_t *queue_new(size_t max_count, size_t max_bytes)
{
    queue_t *self = act_alloc(sizeof *self);
    self->max_count = max_count;
    self->max_bytes = max_bytes;
    return self;
}

void queue_destroy(queue_t **self_p)
{
    if (!*self_p)
        return;
    for (operation_t *operation = queue_pop(*self_p); operation; operation = queue_pop(*self_p))
        operation_destroy(&operation);
    act_free(act_take(self_p));
}

act_err_t queue_push(queue_t *self, operation_t **operation_p)
{
    size_t size_bytes = operation_size_bytes(*operation_p);
    if (self->count >= self->max_count || self->bytes + size_bytes > self->max_bytes)
        return ACT_E_OVERLOADED;
    operation_t *operation = act_take(operation_p);
    operation_set_next(operation, NULL);
    if (self->tail)
        operation_set_next(self->tail, operation);
    else
        self->head = operation;
    self->tail = operation;
    self->count++;
    self->bytes += size_bytes;
    return ACT_E_OK;
}

void queue_push_front(queue_t *self, operation_t **operation_p)
{
    operation_t *operation = act_take(operation_p);
    operation_set_next(operation, self->head);
    self->head = operation;
    if (!self->tail)
        self->tail = operation;
    self->count++;
    self->bytes += operation_size_bytes(operation);
}

operation_t *queue_pop(queue_t *self)
{
    operation_t *operation = self->head;
    if (!operation)
        return NULL;
    self->head = operation_next(operation);
    if (!self->head)
        self->tail = NULL;
    operation_set_next(operation, NULL);
    self->count--;
    self->bytes -= operation_size_bytes(operation);
    return operation;
}

size_t queue_count(const queue_t *self)
{
    return self->count;
}
