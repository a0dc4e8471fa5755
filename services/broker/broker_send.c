// broker: frames out.
#include "broker_private.h"

#include "proto/common.h"

// What an overloaded caller is told to wait.
#define RETRY_AFTER_MS 100

bool broker_send_bytes(broker_t *self, uint64_t route, const act_header_t *header, act_str_t bytes)
{
    payload_t body = {.bytes = bytes, .refs_count = 1};
    return self->io.send(self->io.context, route, header, &body);
}

bool broker_send_control(broker_t *self, uint64_t route, act_kind_t kind, uint64_t id)
{
    act_header_t header = {.kind = (uint8_t)kind, .id = id};
    return broker_send_bytes(self, route, &header, act_str(""));
}

void broker_send_error(broker_t *self, uint64_t route, uint64_t id, act_err_t err, const char *text)
{
    act_header_t header = {.kind = ACT_KIND_ERROR, .id = id, .err = (uint32_t)err};
    error_body_t error = {
        .text = act_str(text ? text : act_err_text(err)),
        .retry_after_ms = err == ACT_E_OVERLOADED ? RETRY_AFTER_MS : 0,
    };
    act_buf_reset(&self->scratch);
    error_body_pack(&error, &self->scratch);
    broker_send_bytes(self, route, &header, act_buf_str(&self->scratch));
}
