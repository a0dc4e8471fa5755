// turns: the conversations being worked on here, found by tenant and conversation.
#pragma once
#include "base/str.h"

#include <stdint.h>

typedef struct turn turn_t;
typedef struct turns turns_t;

// Turns at a time in one instance; wakes beyond it are left to the sweeper.
#define TURNS_MAX_COUNT 8192

turns_t *turns_new(void);
// The turns must have been removed.
void turns_destroy(turns_t **self_p);
turn_t *turns_find(turns_t *self, act_str_t tenant, act_str_t conversation_id);
// False when there are too many.
bool turns_put(turns_t *self, turn_t *turn);
void turns_remove(turns_t *self, turn_t *turn);
uint32_t turns_count(const turns_t *self);
// Any turn, or NULL.
turn_t *turns_any(turns_t *self);
