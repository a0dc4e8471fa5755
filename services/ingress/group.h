// group: messages of many posts to one account, stored by one call (group commit). A part that comes
// while nothing is on its way is asked for at once; what comes meanwhile waits and goes together, so
// that a busy account costs a call, a transaction and a flush for many posts, and a quiet one waits
// for nobody.
#pragma once
#include "post_private.h"

// As many as persistence has connections by default: no key, so they are spread over them.
#define GROUP_CALLS_MAX_COUNT 2
#define GROUP_MESSAGES_MAX_COUNT 64
#define GROUP_MAX_BYTES (512u << 10) // of bodies; a part that is larger goes by itself

typedef struct groups groups_t;

groups_t *groups_new(act_actor_t *actor);
// Calls on their way are cancelled; the parts are left as they are.
void groups_destroy(groups_t **self_p);

// Stores a part with messages; part_stored or part_failed follows. A part that failed before goes by
// itself: what it met may be its own fault.
void groups_put(groups_t *self, part_t *part);
