// pairs: how many messages each customer got from each account lately, because channels bound that, too. A
// table of fixed size: when it is full, the customer who got something longest ago is forgotten.
#pragma once
#include "channels/channel.h"

typedef struct pairs pairs_t;

// interval_ms: one message each so long, in the long run; 0: as many as there are.
pairs_t *pairs_new(int64_t interval_ms);
void pairs_destroy(pairs_t **self_p);

// How long until one more may go; 0: now.
int64_t pairs_wait_ms(const pairs_t *self, const act_channel_t *channel, act_str_t account_id,
                      act_str_t address, int64_t now_ms);
// One goes.
void pairs_take(pairs_t *self, const act_channel_t *channel, act_str_t account_id,
                act_str_t address, int64_t now_ms);
