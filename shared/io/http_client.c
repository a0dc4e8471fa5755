// http_client: requests from act_http_send to their callback. At most connections_max_count are
// with curl; the others wait here, where a place in the queue costs a copy of the request and no
// handle.
#include "io/http_client_private.h"

#include "base/assert.h"
#include "base/crash_point.h"

#include <string.h>
#include <strings.h>

// How late a deadline may be noticed while waiting for a connection.
#define WAITING_CHECK_MS 25
// Requests kept for reuse with their memory.
#define SPARE_MAX_COUNT 64u
#define SPARE_BUFFER_MAX_BYTES 65536u
#define URL_MAX_BYTES 8192u
#define HEAD_MAX_BYTES 16384u // what is behind is not kept

typedef struct {
    act_http_transfer_t *first;
    act_http_transfer_t *last;
    uint32_t count;
} list_t;

struct act_http_client {
    act_loop_t *loop;
    act_http_client_limits_t limits;
    act_http_curl_t *curl;
    act_timer_t *timer; // for results that are due, and deadlines of those that wait
    list_t lists[ACT_HTTP_TRANSFER_STATES];
    act_http_transfer_t *first_chunk; // streams with something to hand on
    act_http_transfer_t *spare;
    uint32_t spare_count;
    uint64_t last_id;
    uint32_t depth; // inside how many of our callbacks we are
    bool is_dead;   // destroyed; freed when depth is 0
};

// --- lists ---------------------------------------------------------------------------------------

static void list_append(list_t *list, act_http_transfer_t *transfer)
{
    transfer->previous = list->last;
    transfer->next = NULL;
    if (list->last)
        list->last->next = transfer;
    else
        list->first = transfer;
    list->last = transfer;
    list->count++;
}

static void list_remove(list_t *list, act_http_transfer_t *transfer)
{
    if (transfer->previous)
        transfer->previous->next = transfer->next;
    else
        list->first = transfer->next;
    if (transfer->next)
        transfer->next->previous = transfer->previous;
    else
        list->last = transfer->previous;
    list->count--;
}

static void set_state(act_http_transfer_t *transfer, act_http_transfer_state_t state)
{
    list_remove(&transfer->client->lists[transfer->state], transfer);
    transfer->state = state;
    list_append(&transfer->client->lists[state], transfer);
}

// --- transfers -----------------------------------------------------------------------------------

static act_http_transfer_t *transfer_new(act_http_client_t *client)
{
    act_http_transfer_t *self = client->spare;
    if (self) {
        client->spare = self->next;
        client->spare_count--;
    } else {
        self = act_alloc(sizeof *self);
        self->client = client;
        self->arena = act_arena_new();
        act_buf_init(&self->response, client->limits.response_max_bytes);
        act_buf_init(&self->head, HEAD_MAX_BYTES);
    }
    self->id = ++client->last_id;
    self->attempts_count = 0;
    self->is_forbidden = false;
    self->is_too_large = false;
    self->is_head_whole = false;
    self->headers = NULL;
    self->state = ACT_HTTP_WAITING;
    list_append(&client->lists[self->state], self);
    return self;
}

static void transfer_destroy(act_http_transfer_t *self)
{
    act_arena_destroy(&self->arena);
    act_buf_fini(&self->response);
    act_buf_fini(&self->head);
    act_free(self);
}

static void transfer_free(act_http_transfer_t *self)
{
    act_http_client_t *client = self->client;
    if (client->is_dead || client->spare_count == SPARE_MAX_COUNT) {
        transfer_destroy(self);
        return;
    }
    act_arena_reset(self->arena);
    act_buf_reset(&self->response);
    act_buf_reset(&self->head);
    if (self->response.cap_bytes > SPARE_BUFFER_MAX_BYTES)
        act_buf_fini(&self->response);
    self->next = client->spare;
    client->spare = self;
    client->spare_count++;
}

// --- streams -------------------------------------------------------------------------------------

void act_http_client_on_bytes(act_http_transfer_t *transfer)
{
    long status = 0;
    if (!transfer->on_chunk || transfer->is_chunk_due)
        return;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299)
        return;
    transfer->is_chunk_due = true;
    transfer->next_chunk = transfer->client->first_chunk;
    transfer->client->first_chunk = transfer;
}

static void forget_chunk(act_http_transfer_t *transfer)
{
    act_http_transfer_t **at = &transfer->client->first_chunk;
    if (!transfer->is_chunk_due)
        return;
    while (*at != transfer)
        at = &(*at)->next_chunk;
    *at = transfer->next_chunk;
    transfer->is_chunk_due = false;
}

// The bytes are taken out first: the callback may cancel the request, and the memory is reused then.
static void hand_on(act_http_transfer_t *transfer)
{
    act_http_client_t *client = transfer->client;
    act_buf_t bytes = transfer->response;
    forget_chunk(transfer);
    act_buf_init(&transfer->response, client->limits.response_max_bytes);
    uint64_t id = transfer->id;
    transfer->on_chunk(transfer->context, act_buf_str(&bytes));
    if (client->is_dead || transfer->id != id || transfer->response.ptr) {
        act_buf_fini(&bytes);
        return;
    }
    act_buf_reset(&bytes);
    transfer->response = bytes;
}

void act_http_client_flush(act_http_client_t *self)
{
    while (!self->is_dead && self->first_chunk)
        hand_on(self->first_chunk);
}

// The one callback. `in` may point into the transfer.
static void deliver(act_http_transfer_t *self, const act_http_in_t *in)
{
    forget_chunk(self);
    list_remove(&self->client->lists[self->state], self);
    self->done(self->context, in);
    transfer_free(self);
}

// Ends it without an answer; the callback comes in a later turn.
static void finish(act_http_transfer_t *self, act_err_t err, const char *text)
{
    forget_chunk(self);
    self->result = (act_http_in_t){
        .err = err,
        .was_sent = self->attempts_count > 0,
        .text = text,
    };
    set_state(self, ACT_HTTP_FINISHED);
    act_timer_start(self->client->timer, /* delay_ms= */ 0, /* repeat_ms= */ 0);
}

// --- the request ---------------------------------------------------------------------------------

static const char *copy_text(act_http_transfer_t *self, const char *text)
{
    return act_arena_str(self->arena, act_str(text)).ptr;
}

static void add_header(act_http_transfer_t *self, struct curl_slist **last, act_str_t line)
{
    struct curl_slist *node = act_arena_alloc(self->arena, sizeof *node);
    node->data = (char *)(uintptr_t)line.ptr; // curl reads it only
    if (*last)
        (*last)->next = node;
    else
        self->headers = node;
    *last = node;
}

// A header without value is "Name;" to curl: "Name:" would mean that it is not to be sent.
static act_str_t line_of(act_http_transfer_t *self, const char *text)
{
    act_str_t value = act_str(text);
    act_str_t name = act_str_cut(&value, ':');
    if (!act_str_empty(act_str_trim(value)))
        return act_arena_str(self->arena, act_str(text));
    return act_arena_printf(self->arena, "%" ACT_STR_FMT ";", ACT_STR_ARG(name));
}

static void copy_request(act_http_transfer_t *self, const act_http_out_t *request)
{
    struct curl_slist *last = NULL;
    const char *type = request->content_type ? request->content_type : "application/json";
    self->method = copy_text(self, request->method);
    self->url = copy_text(self, request->url);
    self->body = act_arena_str(self->arena, request->body);
    add_header(self, &last, ACT_STR("Expect:")); // asking first would cost a round trip
    if (act_str_empty(request->body))
        add_header(self, &last, ACT_STR("Content-Type:")); // curl would say it is a form
    else
        add_header(self, &last, act_arena_printf(self->arena, "Content-Type: %s", type));
    if (request->bearer_token)
        add_header(
            self, &last,
            act_arena_printf(self->arena, "Authorization: Bearer %s", request->bearer_token));
    for (size_t i = 0; request->headers && request->headers[i]; i++)
        add_header(self, &last, line_of(self, request->headers[i]));
}

// Nothing that could end a header line early.
static bool is_clean(const char *text)
{
    for (; text && *text; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    }
    return true;
}

static bool is_method(const char *method)
{
    size_t len_bytes = strlen(method);
    return len_bytes > 0 && len_bytes < 32 &&
           strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == len_bytes;
}

static const char *check_request(const act_http_out_t *request)
{
    if (!request->method || !is_method(request->method))
        return "malformed method";
    if (!request->url || strlen(request->url) > URL_MAX_BYTES || !is_clean(request->url) ||
        strchr(request->url, ' '))
        return "malformed URL";
    if (!is_clean(request->bearer_token) || !is_clean(request->content_type))
        return "malformed header";
    for (size_t i = 0; request->headers && request->headers[i]; i++) {
        if (!is_clean(request->headers[i]) || !strchr(request->headers[i], ':'))
            return "malformed header";
    }
    return NULL;
}

// --- queue ---------------------------------------------------------------------------------------

static void start(act_http_transfer_t *self)
{
    act_http_client_t *client = self->client;
    int64_t left_ms = self->deadline_ms - act_loop_now_ms(client->loop);
    if (left_ms <= 0) {
        finish(self, ACT_E_DEADLINE, "time ran out while waiting for a connection");
        return;
    }
    if (act_http_curl_start(client->curl, self, left_ms))
        set_state(self, ACT_HTTP_RUNNING);
    else
        finish(self, ACT_E_IO, "curl did not take it");
}

static void start_waiting(act_http_client_t *self)
{
    list_t *waiting = &self->lists[ACT_HTTP_WAITING];
    while (waiting->first &&
           self->lists[ACT_HTTP_RUNNING].count < self->limits.connections_max_count)
        start(waiting->first);
    if (waiting->first && !act_timer_is_active(self->timer))
        act_timer_start(self->timer, WAITING_CHECK_MS, /* repeat_ms= */ 0);
}

static void end_late(act_http_client_t *self)
{
    act_http_transfer_t *next = NULL;
    for (act_http_transfer_t *at = self->lists[ACT_HTTP_WAITING].first; at; at = next) {
        next = at->next;
        if (at->deadline_ms <= act_loop_now_ms(self->loop))
            finish(at, ACT_E_DEADLINE, "time ran out while waiting for a connection");
    }
}

static void on_timer(void *context)
{
    act_http_client_t *self = context;
    act_http_client_enter(self);
    end_late(self);
    // Callbacks may finish more; those have the next turn.
    list_t *finished = &self->lists[ACT_HTTP_FINISHED];
    for (uint32_t count = finished->count; count > 0 && finished->first; count--)
        deliver(finished->first, &finished->first->result);
    if (!act_http_client_leave(self))
        return;
    start_waiting(self);
    if (finished->first)
        act_timer_start(self->timer, /* delay_ms= */ 0, /* repeat_ms= */ 0);
}

uint64_t act_http_send(act_http_client_t *self, const act_http_out_t *request,
                       act_http_done_fn *done, void *context)
{
    act_assert(!self->is_dead);
    uint32_t open_count = 0;
    for (size_t i = 0; i < ACT_COUNT(self->lists); i++)
        open_count += self->lists[i].count;
    act_http_transfer_t *transfer = transfer_new(self);
    uint64_t id = transfer->id;
    transfer->done = done;
    transfer->on_chunk = request->on_chunk;
    transfer->keeps_head = request->keeps_head;
    transfer->context = context;
    const char *wrong = check_request(request);
    if (wrong) {
        finish(transfer, ACT_E_INVALID_ARGUMENT, wrong);
        return id;
    }
    if (open_count >= self->limits.requests_max_count) {
        finish(transfer, ACT_E_OVERLOADED, "too many requests are open");
        return id;
    }
    uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : 10000;
    transfer->deadline_ms = act_loop_now_ms(self->loop) + timeout_ms;
    copy_request(transfer, request);
    start_waiting(self);
    return id;
}

void act_http_cancel(act_http_client_t *self, uint64_t id)
{
    for (act_http_transfer_state_t state = 0; state < ACT_HTTP_FINISHED; state++) {
        for (act_http_transfer_t *at = self->lists[state].first; at; at = at->next) {
            if (at->id != id)
                continue;
            if (state == ACT_HTTP_RUNNING)
                act_http_curl_stop(self->curl, at);
            finish(at, ACT_E_CANCELLED, "cancelled");
            start_waiting(self);
            return;
        }
    }
}

// --- results -------------------------------------------------------------------------------------

static act_err_t err_of(CURLcode code, const act_http_transfer_t *transfer)
{
    static const struct {
        CURLcode code;
        act_err_t err;
        bool is_refusal; // of the request itself; the same code can come later and mean less
    } rows[] = {
        {CURLE_OPERATION_TIMEDOUT, ACT_E_DEADLINE, false},
        {CURLE_FILESIZE_EXCEEDED, ACT_E_TOO_LARGE, false},
        {CURLE_UNSUPPORTED_PROTOCOL, ACT_E_FORBIDDEN, true},
        {CURLE_URL_MALFORMAT, ACT_E_INVALID_ARGUMENT, true},
        {CURLE_LOGIN_DENIED, ACT_E_INVALID_ARGUMENT, true}, // a user name in the URL
    };
    bool was_sent = transfer->attempts_count > 0;
    // curl takes a head that ends in the middle for a whole one.
    if (code == CURLE_OK)
        return transfer->is_head_whole ? ACT_E_OK : ACT_E_IO;
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        if (rows[i].code == code && !(rows[i].is_refusal && was_sent))
            return rows[i].err;
    }
    if (transfer->is_too_large)
        return ACT_E_TOO_LARGE;
    return transfer->is_forbidden && !was_sent ? ACT_E_FORBIDDEN : ACT_E_IO;
}

bool act_http_in_field(const act_http_in_t *in, const char *name, act_str_t *ret_value)
{
    size_t name_bytes = strlen(name);
    act_str_t left = in->head;
    while (left.len_bytes > 0) {
        act_str_t line = act_str_cut(&left, '\n');
        if (line.len_bytes <= name_bytes || line.ptr[name_bytes] != ':' ||
            strncasecmp(line.ptr, name, name_bytes) != 0)
            continue;
        *ret_value =
            act_str_trim(act_str_of(line.ptr + name_bytes + 1, line.len_bytes - name_bytes - 1));
        return true;
    }
    return false;
}

static uint32_t retry_after_s(CURL *easy)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds <= 0)
        return 0;
    return seconds < (curl_off_t)UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
}

static const char *text_of(CURLcode code, act_err_t err, const act_http_transfer_t *transfer)
{
    if (err == ACT_E_FORBIDDEN && transfer->is_forbidden)
        return "the address is not public";
    if (err == ACT_E_TOO_LARGE)
        return "the response is too large";
    if (code == CURLE_ABORTED_BY_CALLBACK || (code == CURLE_OK && err != ACT_E_OK))
        return "the connection ended without an answer";
    return transfer->text[0] != '\0' ? transfer->text : curl_easy_strerror(code);
}

void act_http_client_on_end(act_http_transfer_t *transfer, CURLcode code)
{
    act_http_client_t *client = transfer->client;
    long status = 0;
    ACT_CRASH_POINT("http.answer.last_byte");
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    act_err_t err = err_of(code, transfer);
    act_http_in_t in = {
        .err = err,
        .was_sent = transfer->attempts_count > 0,
        .status = (uint16_t)status,
        .body = err == ACT_E_OK ? act_buf_str(&transfer->response) : ACT_STR(""),
        .retry_after_s = retry_after_s(transfer->easy),
        .head = act_buf_str(&transfer->head),
    };
    act_http_curl_stop(client->curl, transfer);
    in.text = text_of(code, err, transfer);
    deliver(transfer, &in);
    if (!client->is_dead)
        start_waiting(client);
}

// --- life ----------------------------------------------------------------------------------------

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

act_http_client_t *act_http_client_new(act_loop_t *loop, const act_http_client_limits_t *limits)
{
    act_http_client_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->limits = *limits;
    self->limits.connections_max_count = or_default(limits->connections_max_count, 64);
    self->limits.requests_max_count = or_default(limits->requests_max_count, 1024);
    self->limits.response_max_bytes = or_default(limits->response_max_bytes, 4u << 20);
    self->timer = act_timer_new(loop, on_timer, self);
    self->curl = act_http_curl_new(self, loop, &self->limits);
    if (!self->curl)
        act_http_client_destroy(&self);
    return self;
}

void act_http_client_enter(act_http_client_t *self)
{
    self->depth++;
}

bool act_http_client_leave(act_http_client_t *self)
{
    self->depth--;
    if (!self->is_dead)
        return true;
    if (self->depth == 0) {
        act_http_curl_destroy(&self->curl);
        act_free(self);
    }
    return false;
}

bool act_http_client_is_dead(const act_http_client_t *self)
{
    return self->is_dead;
}

static void cancel_first(act_http_client_t *self, act_http_transfer_state_t state)
{
    act_http_transfer_t *transfer = self->lists[state].first;
    if (state == ACT_HTTP_RUNNING)
        act_http_curl_stop(self->curl, transfer);
    const act_http_in_t cancelled = {
        .err = ACT_E_CANCELLED,
        .was_sent = transfer->attempts_count > 0,
        .text = "the client was closed",
    };
    deliver(transfer, state == ACT_HTTP_FINISHED ? &transfer->result : &cancelled);
}

void act_http_client_destroy(act_http_client_t **self_p)
{
    if (!*self_p)
        return;
    act_http_client_t *self = act_take(self_p);
    act_http_client_enter(self);
    self->is_dead = true;
    for (act_http_transfer_state_t state = 0; state < ACT_HTTP_TRANSFER_STATES; state++) {
        while (self->lists[state].first)
            cancel_first(self, state);
    }
    while (self->spare) {
        act_http_transfer_t *transfer = self->spare;
        self->spare = transfer->next;
        transfer_destroy(transfer);
    }
    act_timer_destroy(&self->timer);
    (void)act_http_client_leave(self);
}
