// service_kit: one service as its process would open it (settings, log, open, close), with the test in
// the broker's place.
#pragma once
#include "harness/actor_kit.h"

typedef struct {
    act_spec_t spec; // a copy
    actor_kit_t *kit;
    void *self; // the service's
    act_err_t open_err;
} service_kit_t;

// `overrides` are settings, "name=value", ended by NULL; the rest is the default. The service is open
// and connected, unless open_err says that it could not work with them.
service_kit_t *service_kit_new(const act_spec_t *spec, const char *const overrides[]);
// A service whose setting model_file names a model that the build trained: PARLEY_TEST_MODEL does. `setting`: one
// more, or NULL.
service_kit_t *service_kit_trained(const act_spec_t *spec, const char *setting);
// Accepts NULL inside.
void service_kit_destroy(service_kit_t **self_p);
// For cmocka: *state is the kit.
int service_kit_tear_down(void **state);

// Calls a method and waits for the reply, of which the body is to be unpacked into message->frame. An
// error instead of a reply fails the test.
const kit_message_t *service_kit_call(service_kit_t *self, const char *method,
                                      const act_buf_t *body);
