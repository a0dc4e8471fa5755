// holder: the name under which a process holds leases and claims (promises.md D7), given to it by the
// database: "<cell>/<instance>/<epoch>". It says every second that it lives; a process that was taken for
// dead gets another name, and what it held is not its own any more.
#pragma once
#include "actor/actor.h"

typedef struct act_holder act_holder_t;

// service: those of one service share their work. claim_delay_ms: when we were silent for too long, our
// claims are due again so much later. on_named is called with each new name.
act_holder_t *act_holder_new(act_actor_t *actor, const char *service, int64_t claim_delay_ms,
                             void (*on_named)(void *context), void *context);
void act_holder_destroy(act_holder_t **self_p);

// To be called at each WELCOME: the name may be too old.
void act_holder_beat(act_holder_t *self);

// Empty until the database has given one. Valid until on_named is called again.
act_str_t act_holder_name(const act_holder_t *self);

// Rises with each name: what was claimed under another number is not ours any more.
uint32_t act_holder_number(const act_holder_t *self);

// Until then nobody took us for dead, whatever happened since (a monotonic clock, from before the last
// answered beat was sent); afterwards somebody may have.
int64_t act_holder_until_ms(const act_holder_t *self);

// Living instances of our service in all cells, at least 1.
uint32_t act_holder_peers_count(const act_holder_t *self);
