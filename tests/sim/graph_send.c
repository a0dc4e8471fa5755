// graph_send: messages: told to fail, checked, accepted.
#include "io/json.h"
#include "sim/graph_check.h"
#include "sim/graph_hang_up.h"
#include "sim/graph_sim_private.h"

#include <inttypes.h>
#include <stdio.h>

#define SEND_MAX_BYTES (256u << 10)

static void write_success(graph_sim_t *self, const graph_send_t *send, act_str_t provider_id)
{
    act_buf_t *out = graph_fresh_out(self);
    bool has_plus = act_str_starts_with(send->to, "+");
    act_buf_add_str(out, ACT_STR("{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":"));
    act_json_quote(send->to, out);
    act_buf_add_str(out, send->is_user_id ? ACT_STR(",\"user_id\":") : ACT_STR(",\"wa_id\":"));
    act_json_quote(has_plus ? act_str_of(send->to.ptr + 1, send->to.len_bytes - 1) : send->to, out);
    act_buf_add_str(out, ACT_STR("}],\"messages\":[{\"id\":"));
    act_json_quote(provider_id, out);
    act_buf_add_str(out, ACT_STR("}]}"));
}

static void accept_send(graph_exchange_t *exchange, const graph_send_t *send)
{
    graph_sim_t *self = exchange->sim;
    char provider_id[64];
    (void)snprintf(provider_id, sizeof provider_id, "wamid.SIM%s%09" PRIu64, self->run,
                   ++self->last_message);
    graph_record_t record = {
        .provider_id = act_str(provider_id),
        .phone_number_id = exchange->parts[1],
        .send = send,
        .request = act_http_body(exchange->request),
    };
    graph_ledger_add(self->ledger, &record);
    graph_hooks_accepted(self->hooks, &self->behaviour, record.phone_number_id, record.provider_id,
                         send);
    if (graph_behaviour_hangs_up_after(&self->behaviour)) {
        self->counts.accepted_then_hung_up_count++;
        graph_hang_up(&exchange->request);
    } else {
        write_success(self, send, record.provider_id);
        graph_respond_later(exchange, 200, /* retry_after_s= */ 0);
    }
    graph_wake_waiters(self, /* is_ending= */ false);
}

static void fail_send(graph_exchange_t *exchange)
{
    graph_sim_t *self = exchange->sim;
    const graph_fail_t *fail = &self->behaviour.fail;
    graph_fault_t fault = {.http = fail->http, .code = fail->code, .details = ACT_STR("as told")};
    self->counts.failed_count++;
    act_buf_t *out = graph_fresh_out(self);
    if (fail->code != 0)
        graph_fault_write(&fault, out);
    graph_respond_later(exchange, fail->http, fail->retry_after_s);
}

static void mark_read(graph_exchange_t *exchange, const graph_send_t *send)
{
    exchange->sim->counts.reads_count++;
    exchange->sim->counts.typings_count += send->has_typing;
    act_buf_add_str(graph_fresh_out(exchange->sim), ACT_STR("{\"success\":true}"));
    graph_respond_later(exchange, 200, /* retry_after_s= */ 0);
}

static void judge_send(graph_exchange_t *exchange, const json_t *json)
{
    graph_sim_t *self = exchange->sim;
    graph_send_t send;
    graph_fault_t fault;
    if (!graph_check(json, act_http_arena(exchange->request), &send, &fault)) {
        self->counts.refused_count++;
        graph_fault_write(&fault, graph_fresh_out(self));
        graph_respond_later(exchange, fault.http, /* retry_after_s= */ 0);
    } else if (send.is_read) {
        mark_read(exchange, &send);
    } else {
        accept_send(exchange, &send);
    }
}

static act_str_t recipient_of(const json_t *json)
{
    act_str_t to = act_json_str(json, "to");
    return act_str_empty(to) ? act_json_str(json, "recipient") : to;
}

void graph_handle_send(graph_exchange_t *exchange)
{
    graph_sim_t *self = exchange->sim;
    act_str_t body = act_http_body(exchange->request);
    json_t *json = NULL;
    if (body.len_bytes <= SEND_MAX_BYTES &&
        act_json_parse(body, &json, NULL, act_http_arena(exchange->request)) != ACT_E_OK)
        json = NULL; // graph_check says so
    bool is_read = json_object_get(json, "status") != NULL;
    graph_decision_t decision =
        is_read ? GRAPH_TAKE : graph_behaviour_decide(&self->behaviour, recipient_of(json));
    if (decision == GRAPH_HANG_UP) {
        self->counts.hung_up_count++;
        graph_hang_up(&exchange->request);
    } else if (decision == GRAPH_FAIL) {
        fail_send(exchange);
    } else {
        judge_send(exchange, json);
    }
    json_decref(json);
}
