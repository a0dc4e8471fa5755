// subscriptions: which topics an actor listens to, and who hears them.
#pragma once
#include "actor/actor.h"

typedef struct act_subscriptions act_subscriptions_t;

act_subscriptions_t *act_subscriptions_new(void);
void act_subscriptions_destroy(act_subscriptions_t **self_p);
// One listener a topic: a second one replaces the first.
void act_subscriptions_put(act_subscriptions_t *self, act_str_t topic, act_event_fn *fn,
                           void *context);
void act_subscriptions_remove(act_subscriptions_t *self, act_str_t topic);
void act_subscriptions_fire(act_subscriptions_t *self, act_str_t topic, act_str_t body);
void act_subscriptions_each(act_subscriptions_t *self, void (*fn)(void *context, act_str_t topic),
                            void *context);
