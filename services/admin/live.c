// live: the WebSocket feed. Once a second, while somebody watches, the bus is asked for its views; the
// answers together are the snapshot. Nobody has a queue: a client knows which snapshot and which event
// it has seen, and when its socket takes more it gets the newest snapshot and the events since (or
// hears how many it has missed). So memory is bounded by the newest snapshot and one ring of events.
#include "admin.h"
#include "base/model_json.h"
#include "base/time.h"
#include "io/json.h"
#include "io/websocket.h"
#include "problem.h"
#include "proto/broker_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PERIOD_MS 1000
#define CALL_BUDGET_MS 900
#define CLIENTS_MAX_COUNT 64
#define EVENTS_COUNT 256
#define EVENT_MAX_BYTES 768
#define INSTANCES_MAX_COUNT 512
#define NAME_BYTES 65
#define STATE_BYTES 17
#define PING_MS 20000
#define SILENCE_MAX_MS 60000
#define MESSAGE_MAX_BYTES 4096
#define SNAPSHOT_MAX_BYTES (8u << 20)

// The views that make a snapshot; each is one rpc of the bus without parameters.
static const char *const part_names[] = {"status", "services", "edges", "obituaries"};
#define PARTS_COUNT ACT_COUNT(part_names)
enum { PART_STATUS, PART_OBITUARIES = PARTS_COUNT - 1 };

typedef struct part {
    live_t *live;
    const act_method_t *method;
    uint64_t call_id; // 0: none in flight
    act_buf_t json;
} part_t;

typedef struct {
    uint64_t seq;
    char json[EVENT_MAX_BYTES];
} event_t;

// What was last seen of an instance.
typedef struct {
    char instance[NAME_BYTES];
    char state[STATE_BYTES];
    int32_t pid;
    uint64_t seen_seq;
} seen_t;

typedef struct client {
    struct client *next;
    live_t *live;
    act_http_stream_t *stream;
    act_websocket_reader_t reader;
    uint64_t snapshot_seq; // the newest it was given
    uint64_t event_seq;    // the newest it was given
    int64_t opened_ms;
    int64_t heard_ms;
    int64_t pinged_ms;
    bool is_pong_due;
} client_t;

struct live {
    admin_t *admin;
    act_timer_t *timer;
    client_t *clients;
    uint32_t clients_count;
    part_t parts[PARTS_COUNT];
    uint32_t waiting_count;
    act_buf_t snapshot; // as a frame
    uint64_t snapshot_seq;
    event_t events[EVENTS_COUNT];
    uint64_t event_seq; // of the newest
    seen_t seen[INSTANCES_MAX_COUNT];
    uint32_t seen_count;
    int64_t death_ms; // of the newest obituary that was told
};

// --- clients ---------------------------------------------------------------------------------------

static void forget(client_t *client)
{
    live_t *self = client->live;
    client_t **at = &self->clients;
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    self->clients_count--;
    act_websocket_reader_fini(&client->reader);
    act_free(client);
}

static void hang_up(client_t *client, uint16_t status)
{
    act_buf_t out;
    act_buf_init(&out, 64);
    act_websocket_write_close(status, &out);
    act_http_stream_write(client->stream, act_buf_str(&out));
    act_buf_fini(&out);
    act_http_stream_close(&client->stream);
    forget(client);
}

static void add_events(const live_t *self, client_t *client, act_buf_t *out)
{
    if (self->event_seq - client->event_seq > EVENTS_COUNT) {
        char text[96];
        uint64_t missed_count = self->event_seq - client->event_seq - EVENTS_COUNT;
        int len = snprintf(text, sizeof text, "{\"type\":\"missed\",\"count\":%" PRIu64 "}",
                           missed_count);
        act_websocket_write(ACT_WEBSOCKET_TEXT, act_str_of(text, (size_t)len), out);
        client->event_seq += missed_count;
    }
    while (client->event_seq < self->event_seq) {
        const event_t *event = &self->events[++client->event_seq % EVENTS_COUNT];
        act_websocket_write(ACT_WEBSOCKET_TEXT, act_str(event->json), out);
    }
}

// Gives a client what it has not seen, unless its socket is still busy with what it was given.
static void pump(client_t *client, int64_t now_ms)
{
    live_t *self = client->live;
    if (act_http_stream_is_busy(client->stream))
        return;
    act_buf_t out;
    act_buf_init(&out, 2 * SNAPSHOT_MAX_BYTES);
    if (client->is_pong_due)
        act_websocket_write(ACT_WEBSOCKET_PONG, ACT_STR(""), &out);
    client->is_pong_due = false;
    if (now_ms - client->pinged_ms >= PING_MS) {
        act_websocket_write(ACT_WEBSOCKET_PING, ACT_STR(""), &out);
        client->pinged_ms = now_ms;
    }
    if (client->snapshot_seq < self->snapshot_seq) {
        act_buf_add_str(&out, act_buf_str(&self->snapshot));
        client->snapshot_seq = self->snapshot_seq;
    }
    add_events(self, client, &out);
    if (out.len_bytes > 0)
        act_http_stream_write(client->stream, act_buf_str(&out));
    act_buf_fini(&out);
}

static int64_t now_of(const live_t *self)
{
    return act_loop_now_ms(act_actor_loop(self->admin->actor));
}

// False: the client is gone.
static bool on_event(client_t *client, const act_websocket_event_t *event)
{
    if (event->kind == ACT_WEBSOCKET_BAD || event->kind == ACT_WEBSOCKET_CLOSE) {
        hang_up(client, event->kind == ACT_WEBSOCKET_BAD ? event->status : 1000);
        return false;
    }
    // Pings are answered, at most one for each turn of the client's socket; texts say nothing to us.
    client->is_pong_due |= event->kind == ACT_WEBSOCKET_PING && event->data.len_bytes == 0;
    if (event->kind == ACT_WEBSOCKET_PING && event->data.len_bytes > 0) {
        act_buf_t out;
        act_buf_init(&out, 256);
        act_websocket_write(ACT_WEBSOCKET_PONG, event->data, &out);
        act_http_stream_write(client->stream, act_buf_str(&out));
        act_buf_fini(&out);
    }
    return true;
}

static void on_bytes(void *context, act_str_t bytes)
{
    client_t *client = context;
    client->heard_ms = now_of(client->live);
    while (bytes.len_bytes > 0) {
        act_websocket_event_t event;
        size_t used_bytes = act_websocket_read(&client->reader, bytes, &event);
        bytes = act_str_of(bytes.ptr + used_bytes, bytes.len_bytes - used_bytes);
        if (event.kind != ACT_WEBSOCKET_MORE && !on_event(client, &event))
            return;
    }
    pump(client, client->heard_ms);
}

static void on_drained(void *context)
{
    client_t *client = context;
    pump(client, now_of(client->live));
}

static void on_closed(void *context)
{
    forget(context);
}

// --- events ----------------------------------------------------------------------------------------

static void tell(live_t *self, const char *kind, act_str_t service, act_str_t instance,
                 act_str_t text)
{
    act_buf_t out;
    act_buf_init(&out, EVENT_MAX_BYTES - 1);
    act_buf_printf(&out,
                   "{\"type\":\"event\",\"seq\":%" PRIu64 ",\"at_ms\":%" PRId64
                   ",\"kind\":\"%s\",\"service\":",
                   self->event_seq + 1, act_time_wall_us() / 1000, kind);
    act_json_quote(service, &out);
    act_buf_add_str(&out, ACT_STR(",\"instance\":"));
    act_json_quote(instance, &out);
    act_buf_add_str(&out, ACT_STR(",\"text\":"));
    act_json_quote(text, &out);
    act_buf_add_char(&out, '}');
    if (!out.is_overflowed) {
        event_t *event = &self->events[++self->event_seq % EVENTS_COUNT];
        event->seq = self->event_seq;
        (void)act_str_copy(act_buf_str(&out), event->json, sizeof event->json);
    }
    act_buf_fini(&out);
}

static seen_t *seen_of(live_t *self, act_str_t instance)
{
    for (uint32_t i = 0; i < self->seen_count; i++)
        if (act_str_is(instance, self->seen[i].instance))
            return &self->seen[i];
    return NULL;
}

static void note(live_t *self, const instance_view_t *row)
{
    char text[96];
    seen_t *seen = seen_of(self, row->instance);
    bool is_first_look = self->snapshot_seq == 0;
    if (!seen && self->seen_count == INSTANCES_MAX_COUNT)
        return;
    if (!seen) {
        seen = &self->seen[self->seen_count++];
        *seen = (seen_t){.pid = row->pid};
        (void)act_str_copy(row->instance, seen->instance, sizeof seen->instance);
        if (!is_first_look)
            tell(self, "joined", row->service, row->instance, row->state);
    } else if (row->pid != seen->pid && row->pid != 0 && seen->pid != 0) {
        (void)snprintf(text, sizeof text, "pid %d after %d", row->pid, seen->pid);
        tell(self, "restarted", row->service, row->instance, act_str(text));
    } else if (!act_str_is(row->state, seen->state)) {
        (void)snprintf(text, sizeof text, "%.*s after %s", ACT_STR_ARG(row->state), seen->state);
        tell(self, "state", row->service, row->instance, act_str(text));
    }
    if (row->pid != 0)
        seen->pid = row->pid;
    (void)act_str_copy(row->state, seen->state, sizeof seen->state);
    seen->seen_seq = self->snapshot_seq + 1;
}

static void note_status(live_t *self, const status_reply_t *status)
{
    for (uint32_t i = 0; i < status->instances.count; i++)
        if (!act_str_is(status->instances.items[i].state, "client"))
            note(self, &status->instances.items[i]);
    for (uint32_t i = 0; i < self->seen_count;) {
        seen_t *seen = &self->seen[i];
        if (seen->seen_seq == self->snapshot_seq + 1) {
            i++;
            continue;
        }
        tell(self, "left", ACT_STR(""), act_str(seen->instance), ACT_STR("not there any more"));
        *seen = self->seen[--self->seen_count];
    }
}

// --- snapshots -------------------------------------------------------------------------------------

static void finish_snapshot(live_t *self)
{
    act_buf_t json;
    act_buf_init(&json, SNAPSHOT_MAX_BYTES);
    act_buf_printf(&json, "{\"type\":\"snapshot\",\"at_ms\":%" PRId64, act_time_wall_us() / 1000);
    for (size_t i = 0; i < PARTS_COUNT; i++) {
        act_buf_printf(&json, ",\"%s\":", part_names[i]);
        act_str_t part = act_buf_str(&self->parts[i].json);
        act_buf_add_str(&json, act_str_empty(part) ? ACT_STR("null") : part);
    }
    act_buf_add_char(&json, '}');
    if (!json.is_overflowed) {
        act_buf_reset(&self->snapshot);
        act_websocket_write(ACT_WEBSOCKET_TEXT, act_buf_str(&json), &self->snapshot);
        self->snapshot_seq++;
    }
    act_buf_fini(&json);
    int64_t now_ms = now_of(self);
    for (client_t *at = self->clients; at; at = at->next)
        pump(at, now_ms);
}

static void on_part(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)fn;
    part_t *part = context;
    live_t *self = part->live;
    part->call_id = 0;
    act_buf_reset(&part->json);
    const void *body = reply->err == ACT_E_OK
                           ? act_model_decode(part->method->reply, reply->body, arena, NULL)
                           : NULL;
    if (body)
        act_model_to_json(part->method->reply, body, &part->json);
    if (part->json.is_overflowed)
        act_buf_reset(&part->json);
    if (body && part == &self->parts[PART_STATUS])
        note_status(self, body);
    if (--self->waiting_count == 0)
        finish_snapshot(self);
}

static void ask(live_t *self)
{
    if (self->waiting_count > 0)
        return; // the bus is slow; the next second asks again
    for (size_t i = 0; i < PARTS_COUNT; i++) {
        part_t *part = &self->parts[i];
        if (!part->method)
            continue;
        act_buf_t body;
        act_buf_init(&body, 64);
        act_model_pack(part->method->request, &(struct { uint64_t zeros[16]; }){{0}}, &body);
        act_call_opts_t opts = {.budget_ms = CALL_BUDGET_MS};
        part->call_id = act_actor_call(self->admin->actor, bus_service.name, part->method, &opts,
                                       &body, on_part, NULL, part);
        self->waiting_count++;
        act_buf_fini(&body);
    }
}

static void on_second(void *context)
{
    live_t *self = context;
    int64_t now_ms = now_of(self);
    client_t *next = NULL;
    for (client_t *at = self->clients; at; at = next) {
        next = at->next;
        // A session that ends takes its feed with it; the browser comes again with a good one.
        bool is_over = now_ms - at->opened_ms > (int64_t)AUTH_SESSION_S * 1000;
        if (is_over || now_ms - at->heard_ms > SILENCE_MAX_MS)
            hang_up(at, is_over ? 1000 : 1001);
        else
            pump(at, now_ms);
    }
    if (self->clients_count == 0)
        act_timer_stop(self->timer);
    else
        ask(self);
}

// --- opening ---------------------------------------------------------------------------------------

static bool has_token(act_http_request_t *request, const char *name, const char *token)
{
    act_str_t header = {0};
    (void)act_http_header(request, name, &header);
    while (!act_str_empty(header)) {
        act_str_t word = act_str_trim(act_str_cut(&header, ','));
        if (word.len_bytes == strlen(token) && strncasecmp(word.ptr, token, word.len_bytes) == 0)
            return true;
    }
    return false;
}

static void refuse(act_http_request_t *request, uint16_t status, const char *title)
{
    problem_answer(&request, &(problem_t){.status = status, .title = title});
}

static void add_client(live_t *self, act_http_request_t *request, act_str_t headers)
{
    static const act_http_stream_events_t events = {on_bytes, on_drained, on_closed};
    client_t *client = act_alloc(sizeof *client);
    int64_t now_ms = now_of(self);
    *client = (client_t){.live = self,
                         .event_seq = self->event_seq,
                         .opened_ms = now_ms,
                         .heard_ms = now_ms,
                         .pinged_ms = now_ms};
    act_websocket_reader_init(&client->reader, MESSAGE_MAX_BYTES);
    client->next = self->clients;
    self->clients = client;
    self->clients_count++;
    client->stream = act_http_upgrade(&request, headers, &events, client);
    if (!client->stream) {
        forget(client);
        return;
    }
    // What is there may be old: the newest comes within moments.
    if (!act_timer_is_active(self->timer)) {
        self->snapshot_seq += self->snapshot_seq > 0;
        client->snapshot_seq = self->snapshot_seq;
        act_timer_start(self->timer, /* delay_ms= */ 0, PERIOD_MS);
    } else {
        pump(client, now_ms);
    }
}

void admin_live_open(admin_t *admin, act_http_request_t *request)
{
    char accept[ACT_WEBSOCKET_ACCEPT_BYTES];
    act_str_t key = {0}, version = {0};
    (void)act_http_header(request, "sec-websocket-key", &key);
    (void)act_http_header(request, "sec-websocket-version", &version);
    if (!has_token(request, "connection", "upgrade") ||
        !has_token(request, "upgrade", "websocket") || !act_str_is(version, "13"))
        refuse(request, 400, "this is a WebSocket (RFC 6455, version 13)");
    else if (act_websocket_accept(key, accept) != ACT_E_OK)
        refuse(request, 400, "Sec-WebSocket-Key is not 16 bytes in base64");
    else if (admin->live->clients_count == CLIENTS_MAX_COUNT)
        refuse(request, 503, "too many watch already");
    else
        add_client(admin->live, request,
                   act_arena_printf(
                       act_http_arena(request),
                       "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
                       accept));
}

// --- life ------------------------------------------------------------------------------------------

static const act_method_t *bus_method(const char *name)
{
    for (uint32_t i = 0; i < bus_service.methods_count; i++)
        if (strcmp(bus_service.methods[i].name, name) == 0)
            return &bus_service.methods[i];
    return NULL;
}

live_t *live_new(admin_t *admin)
{
    live_t *self = act_alloc(sizeof *self);
    self->admin = admin;
    self->timer = act_timer_new(act_actor_loop(admin->actor), on_second, self);
    act_buf_init(&self->snapshot, SNAPSHOT_MAX_BYTES + 16);
    for (size_t i = 0; i < PARTS_COUNT; i++) {
        self->parts[i] = (part_t){.live = self, .method = bus_method(part_names[i])};
        act_buf_init(&self->parts[i].json, SNAPSHOT_MAX_BYTES);
    }
    return self;
}

void live_destroy(live_t **self_p)
{
    live_t *self = act_take(self_p);
    if (!self)
        return;
    while (self->clients)
        hang_up(self->clients, 1001);
    for (size_t i = 0; i < PARTS_COUNT; i++) {
        if (self->parts[i].call_id != 0)
            act_actor_cancel(self->admin->actor, self->parts[i].call_id);
        act_buf_fini(&self->parts[i].json);
    }
    act_timer_destroy(&self->timer);
    act_buf_fini(&self->snapshot);
    act_free(self);
}
