// keys: key files of the bus, for actors in containers and on other machines:
//   keys/bus/broker.key, broker.pub     the broker's own
//   keys/bus/allowed/<actor>.pub        whom it lets in; looked at while it runs
//   keys/actors/<actor>.key             secrets, to be carried to where these actors run
#pragma once
#include "base/buf.h"
#include "instance.h"

// Makes folders and the broker's pair where they are missing, and refuses what others can read: one line
// in *error, which says what to do.
ACT_MUST_CHECK act_err_t keys_init(const instance_t *instance, act_buf_t *error);
