// notify: the actor that takes notifications to the owner of a business: an e-mail, a webhook, or a message in
// the owner's own conversation with the bot. It looks for what is due every two seconds. Each attempt is claimed
// before it is made and recorded after; one that nobody heard of again is made again with the same key, so what
// goes out goes out at least once, and a receiver can tell by the key.
#pragma once
#include "actor/actor.h"

extern const act_spec_t notify_spec;
