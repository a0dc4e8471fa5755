// tap_show: a recorded frame as a JSON line. Bodies are decoded by the model of their service and
// method; an answer's model is known from its call, seen before in the same file. What has no model
// (events, answers to calls from before the tap) is shown as the msgpack it is. What logs would not
// say is not shown here: values of secret fields, and long numbers and addresses inside texts.
#pragma once
#include "actor/actor.h"
#include "actor/tap_file.h"

typedef struct tap_show tap_show_t;

tap_show_t *tap_show_new(void);
void tap_show_destroy(tap_show_t **self_p);
// Adds one line, with its end.
void tap_show_record(tap_show_t *self, const act_tap_record_t *record, act_buf_t *out);
