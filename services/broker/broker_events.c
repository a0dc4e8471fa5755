// broker: events to those who subscribed. A reader that does not keep up misses some, counted; nobody
// waits for it.
#include "broker_private.h"

// What is unread is asked for when half of the room is used: one PING at a time, and its PONG says
// that everything before it was read.
static void probe(broker_t *self, peer_t *peer)
{
    hints_t *hints = &peer->hints;
    bool is_half_full = hints->sent_count - hints->read_count >= PEER_HINTS_MAX_COUNT / 2 ||
                        hints->sent_bytes - hints->read_bytes >= PEER_HINTS_MAX_BYTES / 2;
    if (hints->probe_count > 0 || !is_half_full)
        return;
    hints->probe_count = hints->sent_count;
    hints->probe_bytes = hints->sent_bytes;
    broker_send_control(self, peer->route, ACT_KIND_PING, hints->probe_count);
}

bool broker_take_hint(broker_t *self, peer_t *peer, size_t size_bytes)
{
    bool is_taken = peer_take_hint(peer, size_bytes);
    probe(self, peer);
    return is_taken;
}

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
    if (broker_take_hint(self, peer, event->body->bytes.len_bytes) &&
        self->io.send(self->io.context, peer->route, event->header, event->body))
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
