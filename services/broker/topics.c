// topics: one list of (topic, peer) pairs. Watchers are people (a chat, a console), so it is short.
#include "topics.h"

#include "base/mem.h"

#define SUBSCRIPTIONS_MAX_COUNT 4096

typedef struct {
    uint64_t hash;
    char topic[ACT_HEADER_KEY_MAX_BYTES + 1];
    peer_t *peer;
} row_t;

struct topics {
    row_t *rows;
    uint32_t count;
};

topics_t *topics_new(void)
{
    return act_alloc(sizeof(topics_t));
}

void topics_destroy(topics_t **self_p)
{
    if (!*self_p)
        return;
    act_free((*self_p)->rows);
    act_free(act_take(self_p));
}

bool topics_subscribe(topics_t *self, act_str_t topic, peer_t *peer)
{
    topics_unsubscribe(self, topic, peer);
    if (self->count == SUBSCRIPTIONS_MAX_COUNT)
        return false;
    self->rows = act_realloc(self->rows, (self->count + 1) * sizeof *self->rows);
    row_t *row = &self->rows[self->count++];
    *row = (row_t){.hash = act_str_hash(topic, 0), .peer = peer};
    act_str_copy(topic, row->topic, sizeof row->topic);
    return true;
}

static bool is_row(const row_t *row, act_str_t topic, uint64_t hash)
{
    return row->hash == hash && act_str_is(topic, row->topic);
}

void topics_unsubscribe(topics_t *self, act_str_t topic, const peer_t *peer)
{
    uint64_t hash = act_str_hash(topic, 0);
    for (uint32_t i = 0; i < self->count; i++)
        if (self->rows[i].peer == peer && is_row(&self->rows[i], topic, hash))
            self->rows[i--] = self->rows[--self->count];
}

void topics_forget(topics_t *self, const peer_t *peer)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->rows[i].peer == peer)
            self->rows[i--] = self->rows[--self->count];
}

void topics_each(topics_t *self, act_str_t topic, void (*fn)(void *context, peer_t *peer),
                 void *context)
{
    uint64_t hash = act_str_hash(topic, 0);
    for (uint32_t i = 0; i < self->count; i++)
        if (is_row(&self->rows[i], topic, hash))
            fn(context, self->rows[i].peer);
}
