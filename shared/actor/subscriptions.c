// subscriptions: a short list; an actor has a handful of topics.
#include "actor/subscriptions.h"

#include "base/assert.h"
#include "base/mem.h"

typedef struct row {
    struct row *next;
    char topic[ACT_HEADER_KEY_MAX_BYTES + 1];
    act_event_fn *fn;
    void *context;
} row_t;

struct act_subscriptions {
    row_t *first;
};

act_subscriptions_t *act_subscriptions_new(void)
{
    return act_alloc(sizeof(act_subscriptions_t));
}

void act_subscriptions_destroy(act_subscriptions_t **self_p)
{
    if (!*self_p)
        return;
    while ((*self_p)->first)
        act_subscriptions_remove(*self_p, act_str((*self_p)->first->topic));
    act_free(act_take(self_p));
}

static row_t **find(act_subscriptions_t *self, act_str_t topic)
{
    row_t **at = &self->first;
    while (*at && !act_str_is(topic, (*at)->topic))
        at = &(*at)->next;
    return at;
}

void act_subscriptions_put(act_subscriptions_t *self, act_str_t topic, act_event_fn *fn,
                           void *context)
{
    row_t **at = find(self, topic);
    if (!*at) {
        *at = act_alloc(sizeof **at);
        act_assert(act_str_copy(topic, (*at)->topic, sizeof(*at)->topic));
    }
    (*at)->fn = fn;
    (*at)->context = context;
}

void act_subscriptions_remove(act_subscriptions_t *self, act_str_t topic)
{
    row_t **at = find(self, topic);
    row_t *row = *at;
    if (!row)
        return;
    *at = row->next;
    act_free(row);
}

void act_subscriptions_fire(act_subscriptions_t *self, act_str_t topic, act_str_t body)
{
    row_t *row = *find(self, topic);
    if (row)
        row->fn(row->context, topic, body);
}

void act_subscriptions_each(act_subscriptions_t *self, void (*fn)(void *context, act_str_t topic),
                            void *context)
{
    for (row_t *row = self->first; row; row = row->next)
        fn(context, act_str(row->topic));
}
