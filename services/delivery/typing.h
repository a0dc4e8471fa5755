// typing: shows a customer that we read the message and are writing. Nice to have: asked for once,
// without waiting for the answer, and left out whenever it could get in the way of a message.
#pragma once
#include "delivery.h"
#include "proto/delivery.h"

typing_t *typing_new(delivery_t *delivery);
void typing_destroy(typing_t **self_p);

void typing_show(typing_t *self, act_str_t tenant, const show_typing_request_t *request);
