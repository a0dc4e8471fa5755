// topics: who listens to which events.
#pragma once
#include "peer.h"

typedef struct topics topics_t;

topics_t *topics_new(void);
void topics_destroy(topics_t **self_p);
// False when there are too many subscriptions; the event is then simply not seen there.
bool topics_subscribe(topics_t *self, act_str_t topic, peer_t *peer);
void topics_unsubscribe(topics_t *self, act_str_t topic, const peer_t *peer);
void topics_forget(topics_t *self, const peer_t *peer);
void topics_each(topics_t *self, act_str_t topic, void (*fn)(void *context, peer_t *peer),
                 void *context);
