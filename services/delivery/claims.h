// claims: when the outbox is asked for work, and how much. One claim at a time: a hint that comes
// meanwhile makes the next one follow at once. Nothing is claimed that could not be sent soon.
#pragma once
#include "delivery.h"

claims_t *claims_new(delivery_t *delivery);
void claims_destroy(claims_t **self_p);

// Something may be due.
void claims_wake(claims_t *self);

// Something will be due after delay_ms.
void claims_wake_in(claims_t *self, int64_t delay_ms);

// There is room for more.
void claims_on_room(claims_t *self);
