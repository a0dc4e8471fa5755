// intents: the names of what a customer can want. They are the labels of the training texts
// (utterances/<language>/<intent>.txt), the classes of the model and the values on the wire.
#pragma once

#define INTENTS_COUNT 13u
extern const char *const intents_names[INTENTS_COUNT];

// Not for the business: thanks, small talk, spam. What an empty message is.
#define INTENTS_NONE "none"
