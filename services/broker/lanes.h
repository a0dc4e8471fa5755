// lanes: order. Calls of one service and key whose method asks for order (ACT_FLAG_ORDERED) go one
// after the other: the holder of the lane is queued or in flight, the others wait in the lane. A lane
// exists while it has a holder. Affinity is another thing: see service_choose.
#pragma once
#include "service.h"

typedef struct lanes lanes_t;

lanes_t *lanes_new(void);
void lanes_destroy(lanes_t **self_p);

// True: the entry holds its lane and may be queued. False: it waits in the lane, counted as queued.
bool lanes_enter(lanes_t *self, entry_t *entry);
// The entry leaves its lane for good. When it was the holder, the next one is returned: it holds the
// lane now, is in no list and has to be queued. NULL: nobody waits, or it was not the holder.
entry_t *lanes_leave(lanes_t *self, entry_t *entry);
