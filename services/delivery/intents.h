// intents: between the gates and the channel (INTENT, promises.md D5). A message whose turn has come waits
// here until persistence has committed that it will be asked for now; those that come together
// share a call. What a claim was killed with before this was never asked of the channel.
#pragma once
#include "sends.h"

typedef struct intents intents_t;
struct send;

intents_t *intents_new(sends_t *sends);
void intents_destroy(intents_t **self_p);

// The message is transmitted, given back or dropped later, by the verdict.
void intents_put(intents_t *self, struct send *send);
void intents_flush(intents_t *self);
