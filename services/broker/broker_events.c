// broker: events to those who subscribed.
#include "broker_private.h"

void broker_on_subscribe(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    (void)body;
    if (!topics_subscribe(self->topics, header->service, peer))
        self->counters.refused++;
}

void broker_on_unsubscribe(broker_t *self, peer_t *peer, const act_header_t *header,
                           payload_t *body)
{
    (void)body;
    topics_unsubscribe(self->topics, header->service, peer);
}

typedef struct {
    broker_t *broker;
    const act_header_t *header;
    const payload_t *body;
} event_t;

static void send_event(void *context, peer_t *peer)
{
    const event_t *event = context;
    broker_t *self = event->broker;
    if (self->io.send(self->io.context, peer->route, event->header, event->body))
        self->counters.events++;
    else
        self->counters.events_dropped++;
}

void broker_on_event(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    act_header_t stamped = *header;
    stamped.sender = act_str(peer->instance);
    event_t event = {self, &stamped, body};
    topics_each(self->topics, header->service, send_event, &event);
}
