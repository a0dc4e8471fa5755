// model_sim: connections, the script, the ledger. HTTP is read by hand, because answers are written a few
// bytes at a time and break off where the script says.
#include "sim/model_sim.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/model_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REQUEST_MAX_BYTES (16u << 20)
#define ANSWER_MAX_BYTES (16u << 20)
#define LEDGER_MAX_COUNT 20000u

typedef struct peer peer_t;

struct model_sim {
    act_loop_t *loop;
    uv_tcp_t listener;
    uint16_t port;
    json_t *script;
    json_t *ledger;
    model_sim_counts_t counts;
    peer_t *first;
    uint32_t handles_count;
    bool is_closing;
};

struct peer {
    peer_t *next, *previous;
    model_sim_t *sim;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uint32_t closing_count;
    act_buf_t in;
    act_buf_t out;
    size_t written_bytes;
    size_t write_bytes; // at a time
    uint64_t write_ms;
    bool is_answering;
    bool is_model;   // not one for the simulator itself
    bool ends_after; // the connection, where the answer is cut
    bool is_closed;
};

// --- closing -------------------------------------------------------------------------------------

static void end_answer(peer_t *self)
{
    if (self->is_answering && self->is_model)
        self->sim->counts.open_count--;
    self->is_answering = false;
}

static void sim_free_if_done(model_sim_t *self)
{
    if (!self->is_closing || self->handles_count > 0)
        return;
    json_decref(self->script);
    json_decref(self->ledger);
    act_free(self);
}

static void on_peer_closed(uv_handle_t *handle)
{
    peer_t *self = handle->data;
    model_sim_t *sim = self->sim;
    if (--self->closing_count > 0)
        return;
    if (self->previous)
        self->previous->next = self->next;
    else
        sim->first = self->next;
    if (self->next)
        self->next->previous = self->previous;
    act_buf_fini(&self->in);
    act_buf_fini(&self->out);
    act_free(self);
    sim->handles_count--;
    sim_free_if_done(sim);
}

static void close_peer(peer_t *self)
{
    if (self->is_closed)
        return;
    self->is_closed = true;
    end_answer(self);
    self->closing_count = 2;
    uv_close((uv_handle_t *)&self->tcp, on_peer_closed);
    uv_close((uv_handle_t *)&self->timer, on_peer_closed);
}

// --- answering -----------------------------------------------------------------------------------

static void read_requests(peer_t *self);

typedef struct {
    uv_write_t request;
    char bytes[];
} write_t;

static void on_written(uv_write_t *request, int status)
{
    (void)status;
    act_free(request->data);
}

static void write_next(uv_timer_t *timer)
{
    peer_t *self = timer->data;
    size_t left_bytes = self->out.len_bytes - self->written_bytes;
    size_t count = left_bytes < self->write_bytes ? left_bytes : self->write_bytes;
    if (count > 0) {
        write_t *write = act_alloc(sizeof *write + count);
        uv_buf_t buf = uv_buf_init(write->bytes, (unsigned)count);
        memcpy(write->bytes, self->out.ptr + self->written_bytes, count);
        write->request.data = write;
        if (uv_write(&write->request, (uv_stream_t *)&self->tcp, &buf, 1, on_written) != 0)
            act_free(write);
        self->written_bytes += count;
    }
    if (self->written_bytes < self->out.len_bytes) {
        (void)uv_timer_start(&self->timer, write_next, self->write_ms, 0);
        return;
    }
    end_answer(self);
    if (self->ends_after)
        close_peer(self);
    else
        read_requests(self);
}

static long long number_at(const json_t *step, const char *name, long long fallback)
{
    const json_t *value = json_object_get(step, name);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

static void begin_answer(peer_t *self, const json_t *step)
{
    long long cut_bytes = number_at(step, "cut_bytes", -1);
    self->is_answering = true;
    self->written_bytes = 0;
    self->write_bytes = (size_t)number_at(step, "write_bytes", 65536);
    self->write_ms = (uint64_t)number_at(step, "write_ms", 0);
    self->ends_after = cut_bytes >= 0;
    if (cut_bytes >= 0 && (size_t)cut_bytes < self->out.len_bytes)
        self->out.len_bytes = (size_t)cut_bytes;
    if (self->is_model && ++self->sim->counts.open_count > self->sim->counts.open_max_count)
        self->sim->counts.open_max_count = self->sim->counts.open_count;
    if (json_is_true(json_object_get(step, "hang")))
        return;
    (void)uv_timer_start(&self->timer, write_next, (uint64_t)number_at(step, "delay_ms", 0), 0);
}

static void add_head(peer_t *self, int status, const json_t *headers, const char *type,
                     size_t len_bytes)
{
    const char *name = NULL;
    const json_t *value = NULL;
    act_buf_reset(&self->out);
    act_buf_printf(&self->out, "HTTP/1.1 %d Answer\r\nContent-Type: %s\r\nContent-Length: %zu\r\n",
                   status, type, len_bytes);
    json_object_foreach((json_t *)(uintptr_t)headers, name, value)
        act_buf_printf(&self->out, "%s: %s\r\n", name, json_string_value(value));
    act_buf_add_str(&self->out, ACT_STR("\r\n"));
}

static void answer(peer_t *self, int status, const json_t *step, const char *type,
                   const act_buf_t *body)
{
    add_head(self, status, json_object_get(step, "headers"), type, body->len_bytes);
    act_buf_add_str(&self->out, act_buf_str(body));
    begin_answer(self, step);
}

// --- the script ----------------------------------------------------------------------------------

// The step for a request, yours; NULL: the default. A step that was used up leaves the script.
static json_t *take_step(model_sim_t *self, const char *body)
{
    for (size_t i = 0; i < json_array_size(self->script); i++) {
        json_t *step = json_array_get(self->script, i);
        const char *match = json_string_value(json_object_get(step, "match"));
        long long times = number_at(step, "times", 1);
        if (match && !strstr(body, match))
            continue;
        json_t *found = json_incref(step);
        if (times == 1)
            (void)json_array_remove(self->script, i);
        else if (times > 1)
            (void)json_object_set_new(step, "times", json_integer(times - 1));
        return found;
    }
    return NULL;
}

void model_sim_script(model_sim_t *self, const char *steps_json)
{
    json_t *steps = json_loads(steps_json, 0, NULL);
    (void)json_array_extend(self->script, steps);
    json_decref(steps);
}

void model_sim_reset(model_sim_t *self)
{
    uint32_t open_count = self->counts.open_count;
    (void)json_array_clear(self->script);
    (void)json_array_clear(self->ledger);
    self->counts = (model_sim_counts_t){.open_count = open_count};
}

// --- requests ------------------------------------------------------------------------------------

typedef struct {
    char path[512];
    char auth[256];
    char version[32];
    const char *body; // terminated
} asked_t;

static void note(model_sim_t *self, const asked_t *asked, int status)
{
    if (json_array_size(self->ledger) < LEDGER_MAX_COUNT)
        (void)json_array_append_new(self->ledger,
                                    json_pack("{s:s,s:s,s:s,s:i}", "path", asked->path, "auth",
                                              asked->auth, "body", asked->body, "status", status));
}

static void answer_model(peer_t *self, const asked_t *asked)
{
    json_t *request = json_loads(asked->body, 0, NULL);
    json_t *step = take_step(self->sim, asked->body);
    words_t words = {.dialect = words_dialect_of(asked->path), .request = request, .step = step};
    const char *raw = json_string_value(json_object_get(step, "body"));
    const char *error = json_string_value(json_object_get(step, "error"));
    const char *refusal = words_refusal(&words, asked->version);
    int status = (int)number_at(step, "status", words.dialect == WORDS_NONE ? 404 : 200);
    act_buf_t body;
    act_buf_init(&body, ANSWER_MAX_BYTES);
    words.is_streaming = json_is_true(json_object_get(request, "stream")) ||
                         strstr(asked->path, "streamGenerateContent") != NULL;
    self->is_model = true;
    self->sim->counts.requests_count++;
    if (raw)
        act_buf_add_str(&body, act_str(raw));
    else if (status != 200)
        words_error(&words, error ? error : "api_error", &body);
    else if (refusal) {
        status = 400;
        words_error(&words, "invalid_request_error", &body);
    } else
        words_answer(&words, &body);
    note(self->sim, asked, status);
    answer(self, status, step,
           words.is_streaming && status == 200 ? "text/event-stream" : "application/json", &body);
    act_buf_fini(&body);
    json_decref(step);
    json_decref(request);
}

static void answer_self(peer_t *self, const asked_t *asked)
{
    model_sim_t *sim = self->sim;
    act_buf_t body;
    act_buf_init(&body, ANSWER_MAX_BYTES);
    self->is_model = false;
    if (strcmp(asked->path, "/_sim/script") == 0)
        model_sim_script(sim, asked->body);
    else if (strcmp(asked->path, "/_sim/reset") == 0)
        model_sim_reset(sim);
    if (strcmp(asked->path, "/_sim/ledger") == 0) {
        char *text = json_dumps(sim->ledger, JSON_COMPACT);
        act_buf_add_str(&body, act_str(text));
        free(text);
    } else
        act_buf_printf(&body, "{\"requests\":%u,\"open\":%u,\"open_max\":%u,\"hung_up\":%u}",
                       sim->counts.requests_count, sim->counts.open_count,
                       sim->counts.open_max_count, sim->counts.hung_up_count);
    answer(self, 200, NULL, "application/json", &body);
    act_buf_fini(&body);
}

static void copy_field(const char *head, const char *name, char *ret_value, size_t size_bytes)
{
    size_t name_bytes = strlen(name);
    for (const char *line = head; line; line = strstr(line, "\r\n")) {
        line += line == head ? 0 : 2;
        if (strncasecmp(line, name, name_bytes) == 0) {
            (void)snprintf(ret_value, size_bytes, "%.*s", (int)strcspn(line + name_bytes, "\r"),
                           line + name_bytes);
            return;
        }
    }
}

// The next request that is whole in what came. False: it is not.
static bool read_request(peer_t *self)
{
    asked_t asked = {.path = ""};
    char length[16] = "0";
    act_buf_add_char(&self->in, '\0');
    self->in.len_bytes--;
    char *end = self->in.ptr ? strstr(self->in.ptr, "\r\n\r\n") : NULL;
    if (!end)
        return false;
    *end = '\0';
    copy_field(self->in.ptr, "content-length: ", length, sizeof length);
    copy_field(self->in.ptr, "authorization: ", asked.auth, sizeof asked.auth);
    copy_field(self->in.ptr, "x-api-key: ", asked.auth, sizeof asked.auth);
    copy_field(self->in.ptr, "x-goog-api-key: ", asked.auth, sizeof asked.auth);
    copy_field(self->in.ptr, "anthropic-version: ", asked.version, sizeof asked.version);
    (void)sscanf(self->in.ptr, "%*15s %511s", asked.path);
    *end = '\r';
    size_t head_bytes = (size_t)(end - self->in.ptr) + 4;
    size_t whole_bytes = head_bytes + (size_t)atoll(length);
    if (self->in.len_bytes < whole_bytes)
        return false;
    char *body = act_alloc(whole_bytes - head_bytes + 1);
    memcpy(body, self->in.ptr + head_bytes, whole_bytes - head_bytes);
    memmove(self->in.ptr, self->in.ptr + whole_bytes, self->in.len_bytes - whole_bytes);
    self->in.len_bytes -= whole_bytes;
    asked.body = body;
    if (strncmp(asked.path, "/_sim/", 6) == 0)
        answer_self(self, &asked);
    else
        answer_model(self, &asked);
    act_free(body);
    return true;
}

static void read_requests(peer_t *self)
{
    if (!self->is_answering && !self->is_closed)
        (void)read_request(self);
}

// --- connections ---------------------------------------------------------------------------------

static void on_alloc(uv_handle_t *handle, size_t suggested_bytes, uv_buf_t *buf)
{
    peer_t *self = handle->data;
    char *room = act_buf_reserve(&self->in, suggested_bytes);
    *buf = uv_buf_init(room, room ? (unsigned)suggested_bytes : 0);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    peer_t *self = stream->data;
    (void)buf;
    if (count < 0) {
        if (self->is_answering && self->is_model)
            self->sim->counts.hung_up_count++;
        close_peer(self);
        return;
    }
    self->in.len_bytes += (size_t)count;
    read_requests(self);
}

static void on_connection(uv_stream_t *listener, int status)
{
    model_sim_t *sim = listener->data;
    if (status < 0)
        return;
    peer_t *self = act_alloc(sizeof *self);
    self->sim = sim;
    self->next = sim->first;
    if (sim->first)
        sim->first->previous = self;
    sim->first = self;
    sim->handles_count++;
    act_buf_init(&self->in, REQUEST_MAX_BYTES);
    act_buf_init(&self->out, ANSWER_MAX_BYTES);
    (void)uv_tcp_init(act_loop_uv(sim->loop), &self->tcp);
    (void)uv_timer_init(act_loop_uv(sim->loop), &self->timer);
    self->tcp.data = self;
    self->timer.data = self;
    (void)uv_accept(listener, (uv_stream_t *)&self->tcp);
    (void)uv_tcp_nodelay(&self->tcp, 1);
    (void)uv_read_start((uv_stream_t *)&self->tcp, on_alloc, on_read);
}

static void on_listener_closed(uv_handle_t *handle)
{
    model_sim_t *self = handle->data;
    self->handles_count--;
    sim_free_if_done(self);
}

act_err_t model_sim_new(act_loop_t *loop, const char *host, uint16_t port, model_sim_t **ret_sim)
{
    model_sim_t *self = act_alloc(sizeof *self);
    struct sockaddr_in address;
    int len_bytes = sizeof address;
    self->loop = loop;
    self->script = json_array();
    self->ledger = json_array();
    self->handles_count = 1;
    (void)uv_tcp_init(act_loop_uv(loop), &self->listener);
    self->listener.data = self;
    if (uv_ip4_addr(host, port, &address) != 0 ||
        uv_tcp_bind(&self->listener, (const struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&self->listener, 2048, on_connection) != 0) {
        model_sim_destroy(&self);
        return ACT_E_IO;
    }
    (void)uv_tcp_getsockname(&self->listener, (struct sockaddr *)&address, &len_bytes);
    self->port = ntohs(address.sin_port);
    *ret_sim = self;
    return ACT_E_OK;
}

void model_sim_destroy(model_sim_t **self_p)
{
    model_sim_t *self = act_take(self_p);
    if (!self)
        return;
    self->is_closing = true;
    for (peer_t *peer = self->first; peer; peer = peer->next)
        close_peer(peer);
    uv_close((uv_handle_t *)&self->listener, on_listener_closed);
}

uint16_t model_sim_port(const model_sim_t *self)
{
    return self->port;
}

model_sim_counts_t model_sim_counts(const model_sim_t *self)
{
    return self->counts;
}

const char *model_sim_body(const model_sim_t *self, uint32_t index)
{
    return json_string_value(json_object_get(json_array_get(self->ledger, index), "body"));
}
