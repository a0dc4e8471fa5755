// webhook: what a request to a channel's webhook is worth: limits, signature, parsing, whose
// account, and the answer. What must be stored becomes a post (post.h).
#pragma once
#include "ingress.h"
#include "post.h"

// The handshake a provider makes before it sends anything.
void webhook_get(ingress_t *self, const act_channel_t *channel, act_http_request_t **request_p);

void webhook_post(ingress_t *self, const act_channel_t *channel, act_http_request_t **request_p);

// The same post again, when there is a newer list of accounts. A post_ready_fn.
void webhook_on_ready(void *context, post_t *post);
