// turns: a chained hash table; the chain is a member of the turn.
#include "turns.h"

#include "base/mem.h"
#include "turn.h"

#define BUCKETS_COUNT 4096

struct turns {
    turn_t *buckets[BUCKETS_COUNT];
    uint32_t count;
};

turns_t *turns_new(void)
{
    return act_alloc(sizeof(turns_t));
}

void turns_destroy(turns_t **self_p)
{
    act_free(act_take(self_p));
}

static turn_t **bucket_of(turns_t *self, act_str_t tenant, act_str_t conversation_id)
{
    return &self->buckets[act_str_hash(conversation_id, act_str_hash(tenant, 0)) % BUCKETS_COUNT];
}

turn_t *turns_find(turns_t *self, act_str_t tenant, act_str_t conversation_id)
{
    turn_t *turn = *bucket_of(self, tenant, conversation_id);
    while (turn && !(act_str_eq(turn->conversation_id, conversation_id) &&
                     act_str_eq(turn->tenant, tenant)))
        turn = turn->next;
    return turn;
}

bool turns_put(turns_t *self, turn_t *turn)
{
    if (self->count == TURNS_MAX_COUNT)
        return false;
    turn_t **bucket = bucket_of(self, turn->tenant, turn->conversation_id);
    turn->next = *bucket;
    *bucket = turn;
    self->count++;
    return true;
}

void turns_remove(turns_t *self, turn_t *turn)
{
    turn_t **at = bucket_of(self, turn->tenant, turn->conversation_id);
    while (*at != turn)
        at = &(*at)->next;
    *at = turn->next;
    self->count--;
}

uint32_t turns_count(const turns_t *self)
{
    return self->count;
}

turn_t *turns_any(turns_t *self)
{
    for (uint32_t i = 0; i < BUCKETS_COUNT; i++)
        if (self->buckets[i])
            return self->buckets[i];
    return NULL;
}
