// service_kit: an actor_kit, and around it what act_main does.
#include "harness/service_kit.h"

#include "actor/send.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CALL_ID 7
#define CALL_BUDGET_MS 5000

service_kit_t *service_kit_new(const act_spec_t *spec, const char *const overrides[])
{
    service_kit_t *self = act_alloc(sizeof *self);
    *self = (service_kit_t){.spec = *spec, .self = act_alloc(spec->self_size_bytes)};
    self->kit = actor_kit_new(&self->spec, self->self);
    actor_kit_supervise(self->kit, overrides);
    self->open_err = spec->open(self->self, self->kit->actor);
    if (self->open_err == ACT_E_OK)
        actor_kit_welcome(self->kit, /* epoch= */ 1);
    return self;
}

service_kit_t *service_kit_trained(const act_spec_t *spec, const char *setting)
{
    char model[512];
    const char *path = getenv("PARLEY_TEST_MODEL");
    assert_non_null(path);
    snprintf(model, sizeof model, "model_file=%s", path);
    const char *const overrides[] = {model, setting, NULL};
    return service_kit_new(spec, overrides);
}

void service_kit_destroy(service_kit_t **self_p)
{
    service_kit_t *self = *self_p;
    if (!self)
        return;
    self->spec.close(self->self);
    actor_kit_destroy(&self->kit);
    act_free(self->self);
    act_free(act_take(self_p));
}

int service_kit_tear_down(void **state)
{
    service_kit_t *self = *state;
    service_kit_destroy(&self);
    return 0;
}

const kit_message_t *service_kit_call(service_kit_t *self, const char *method,
                                      const act_buf_t *body)
{
    const act_header_t header = {.kind = ACT_KIND_CALL,
                                 .class_ = ACT_CLASS_INTERACTIVE,
                                 .id = CALL_ID,
                                 .service = act_str(self->spec.name),
                                 .method = act_str(method),
                                 .sender = ACT_STR("asker-1"),
                                 .budget_ms = CALL_BUDGET_MS,
                                 .attempt = 1};
    actor_kit_send(self->kit, &header, act_buf_str(body));
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_REPLY);
    assert_int_equal(message->header.id, CALL_ID);
    return message;
}
