// graph_exchange: answers, now or after the latency.
#include "sim/graph_sim_private.h"

#include "io/json.h"

#include <string.h>

#define JSON_TYPE "application/json; charset=UTF-8"

act_buf_t *graph_fresh_out(graph_sim_t *self)
{
    act_buf_reset(&self->out);
    return &self->out;
}

void graph_respond(graph_exchange_t *exchange, uint16_t status)
{
    act_http_response_t response = {
        .status = status, .content_type = JSON_TYPE, .body = act_buf_str(&exchange->sim->out)};
    act_http_respond(&exchange->request, &response);
}

void graph_respond_fault(graph_exchange_t *exchange, const graph_fault_t *fault)
{
    graph_fault_write(fault, graph_fresh_out(exchange->sim));
    graph_respond(exchange, fault->http);
}

void graph_respond_text(graph_exchange_t *exchange, uint16_t status, const char *json)
{
    act_buf_add_str(graph_fresh_out(exchange->sim), act_str(json));
    graph_respond(exchange, status);
}

void graph_respond_error(graph_exchange_t *exchange, uint16_t status, act_str_t text)
{
    act_buf_t *out = graph_fresh_out(exchange->sim);
    act_buf_add_str(out, ACT_STR("{\"error\":"));
    act_json_quote(text, out);
    act_buf_add_char(out, '}');
    graph_respond(exchange, status);
}

typedef struct {
    graph_exchange_t exchange;
    act_http_response_t response;
    char body[];
} delayed_t;

static void on_delayed(void *context, bool is_due)
{
    (void)is_due; // when the simulator ends, what was promised is said at once
    delayed_t *delayed = context;
    act_http_respond(&delayed->exchange.request, &delayed->response);
    act_free(delayed);
}

// What is in sim->out, after the latency. Falls back to now when too many wait already.
void graph_respond_later(graph_exchange_t *exchange, uint16_t status, uint32_t retry_after_s)
{
    graph_sim_t *self = exchange->sim;
    act_str_t body = act_buf_str(&self->out);
    act_http_response_t response = {
        .status = status, .content_type = JSON_TYPE, .body = body, .retry_after_s = retry_after_s};
    if (self->behaviour.latency_ms > 0) {
        delayed_t *delayed = act_alloc(sizeof *delayed + body.len_bytes);
        if (body.len_bytes > 0)
            memcpy(delayed->body, body.ptr, body.len_bytes);
        delayed->exchange = *exchange;
        delayed->response = response;
        delayed->response.body.ptr = delayed->body;
        if (graph_agenda_add(self->agenda, self->behaviour.latency_ms, on_delayed, delayed))
            return;
        act_free(delayed);
    }
    act_http_respond(&exchange->request, &response);
}
