// ask_request: one request to one provider: written, sent, heard, understood.
#include "asks_private.h"

#include <string.h>

// The caller's time is not used up to the last bit: the reply has a way to go.
#define MARGIN_MS 20
#define SLOW_ANSWER_TOKENS 16000 // longer ones are refused by some without a stream

// What the HTTP client holds on to; it outlives an ask that gives its request up.
struct exchange {
    ask_t *ask; // NULL: nobody listens any more
};

static gate_outcome_t outcome_of(const fault_t *fault)
{
    if (fault->kind == FAULT_NONE)
        return GATE_GOOD;
    return fault->kind == FAULT_AGAIN && fault->is_illness ? GATE_ILL : GATE_UNKNOWN;
}

static act_http_client_t *client_of(const ask_t *self)
{
    const gateway_t *gateway = self->asks->gateway;
    bool is_operators = act_str_empty(ask_route(self)->tenant);
    return is_operators ? gateway->operator_client : gateway->public_client;
}

// The way through the gate is over; what the provider said about pauses holds for all.
static void leave_gate(ask_t *self, gate_outcome_t outcome)
{
    int64_t now = gateway_now_ms(self->asks->gateway);
    if (self->exchange && self->is_streaming)
        self->asks->streams_count--;
    self->exchange = NULL;
    gate_leave(ask_route(self)->gate, now, outcome);
}

void ask_give_up_request(ask_t *self, gate_outcome_t outcome)
{
    if (!self->exchange)
        return;
    self->exchange->ask = NULL;
    leave_gate(self, outcome);
    act_http_cancel(client_of(self), self->http_id);
}

static void end_early(ask_t *self)
{
    self->fault = self->work.reading.fault;
    self->work.usage = self->work.reading.usage;
    ask_give_up_request(self, outcome_of(&self->fault));
    ask_take_outcome(self);
}

static void on_event(void *context, act_str_t name, act_str_t data)
{
    ask_t *self = context;
    if (self->work.reading.fault.kind == FAULT_NONE)
        ask_route(self)->provider->read_event(&self->work.reading, name, data);
}

static void on_chunk(void *context, act_str_t bytes)
{
    ask_t *self = ((exchange_t *)context)->ask;
    if (!self)
        return;
    self->heard_ms = gateway_now_ms(self->asks->gateway);
    if (act_sse_feed(&self->sse, bytes, on_event, self) != ACT_E_OK)
        reading_fail(&self->work.reading, FAULT_NEXT, "an event of the stream is too large");
    if (self->work.reading.fault.kind != FAULT_NONE)
        end_early(self);
    else if (self->wants_parts)
        ask_say(self, /* is_all= */ false);
}

static void understand(ask_t *self, const act_http_in_t *in)
{
    bool is_good = in->status >= 200 && in->status <= 299;
    self->fault = (fault_t){.kind = FAULT_NONE};
    if (in->err != ACT_E_OK && self->is_streaming && self->work.reading.is_whole &&
        self->work.reading.fault.kind == FAULT_NONE)
        self->job->end_stream(&self->work, &self->fault); // all that matters had come
    else if (in->err != ACT_E_OK)
        fault_of_transport(in, &self->fault);
    else if (!is_good)
        fault_of_status(in, &self->fault);
    else if (self->is_streaming)
        self->job->end_stream(&self->work, &self->fault);
    else
        self->job->take(ask_route(self)->provider, &self->work, in->body, &self->fault);
}

static void on_done(void *context, const act_http_in_t *in)
{
    exchange_t *exchange = context;
    ask_t *self = exchange->ask;
    act_free(exchange);
    if (!self)
        return;
    understand(self, in);
    if (self->fault.pause_ms > 0)
        gate_pause(ask_route(self)->gate, gateway_now_ms(self->asks->gateway),
                   self->fault.pause_ms);
    leave_gate(self, outcome_of(&self->fault));
    ask_take_outcome(self);
}

void ask_end_silence(ask_t *self)
{
    fault_set(&self->fault, FAULT_AGAIN, "the provider fell silent");
    if (self->is_streaming && self->work.reading.is_whole) { // it only forgot to hang up
        self->fault = (fault_t){.kind = FAULT_NONE};
        self->job->end_stream(&self->work, &self->fault);
    }
    ask_give_up_request(self, outcome_of(&self->fault));
    ask_take_outcome(self);
}

static uint32_t timeout_of(const ask_t *self)
{
    int64_t left_ms = act_call_left_ms(self->work.call) - MARGIN_MS;
    int64_t most_ms = ask_route(self)->target.caps.timeout_ms;
    int64_t timeout_ms = left_ms < most_ms ? left_ms : most_ms;
    return timeout_ms > 1 ? (uint32_t)timeout_ms : 1;
}

static bool wants_stream(const ask_t *self)
{
    const target_t *target = &ask_route(self)->target;
    return self->job->can_stream && target_can(target, CAP_STREAM) &&
           (self->wants_parts || target->caps.max_output_tokens > SLOW_ANSWER_TOKENS);
}

static bool write_request(ask_t *self, writing_t *writing)
{
    return self->job->write(ask_route(self)->provider, writing, &self->work) &&
           !writing->body->is_overflowed;
}

void ask_request(ask_t *self)
{
    gateway_t *gateway = self->asks->gateway;
    act_buf_t body;
    self->is_streaming = wants_stream(self);
    act_buf_init(&body, 4 * ACT_BUF_DEFAULT_MAX_BYTES);
    writing_t writing = {.target = &ask_route(self)->target,
                         .arena = act_call_arena(self->work.call),
                         .body = &body,
                         .is_streaming = self->is_streaming};
    self->job->begin(&self->work, writing.target);
    act_sse_reset(&self->sse);
    ask_set_state(self, ASK_REQUESTED);
    if (!write_request(self, &writing)) {
        act_buf_fini(&body);
        leave_gate(self, GATE_UNKNOWN);
        fault_set(&self->fault, FAULT_NEXT, "the request cannot be written for this provider");
        ask_take_outcome(self);
        return;
    }
    writing.http.body = act_buf_str(&body);
    writing.http.timeout_ms = timeout_of(self);
    writing.http.keeps_head = true;
    writing.http.on_chunk = self->is_streaming ? on_chunk : NULL;
    self->heard_ms = gateway_now_ms(gateway);
    self->tries[self->route]++;
    self->requests_count++;
    gateway_count(gateway, METRIC_REQUESTS, 1);
    self->exchange = act_alloc(sizeof *self->exchange);
    self->exchange->ask = self;
    if (self->is_streaming)
        self->asks->streams_count++;
    self->http_id = act_http_send(client_of(self), &writing.http, on_done, self->exchange);
    act_buf_fini(&body);
}
