// graph_hooks: an update waits in the agenda until it is due, then in a queue until there is a free
// request, then it is part of a post, which lives until it is answered 200 or given up.
#include "sim/graph_hooks.h"

#include "base/assert.h"
#include "base/id.h"
#include "base/time.h"
#include "io/http_client.h"
#include "io/json.h"
#include "sim/graph_agenda.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define UPDATES_MAX_COUNT 200000
#define TRIES_MAX_COUNT 8
#define POST_TIMEOUT_MS 20000
#define REQUESTS_MAX_COUNT 64 // under way at once, not counting repeats

typedef struct update update_t;

struct graph_hooks {
    act_loop_t *loop;
    graph_hooks_options_t options;
    act_http_client_t *client;
    graph_agenda_t *agenda;
    update_t *first_ready; // due, oldest first
    update_t *last_ready;
    uint32_t batch_max_count;
    uint32_t requests_count;
    uint32_t updates_count; // everywhere: in the agenda, ready, in posts
    bool is_pump_posted;
    bool is_closing;
    uint32_t generation; // counts resets: what is older is forgotten
    graph_hooks_counts_t counts;
};

struct update {
    update_t *next;
    graph_hooks_t *hooks;
    uint32_t generation;
    char change[]; // JSON, terminated
};

typedef struct {
    graph_hooks_t *hooks;
    uint32_t updates_count;
    uint32_t tries_count;
    uint32_t generation;
    char signature[96]; // the whole header line
    size_t len_bytes;
    char body[];
} post_t;

// --- life ----------------------------------------------------------------------------------------

graph_hooks_t *graph_hooks_new(act_loop_t *loop, const graph_hooks_options_t *options)
{
    graph_hooks_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->options = *options;
    self->batch_max_count = 1;
    self->agenda = graph_agenda_new(loop, UPDATES_MAX_COUNT);
    self->client = act_http_client_new(
        loop, &(act_http_client_limits_t){.connections_max_count = REQUESTS_MAX_COUNT,
                                          .requests_max_count = 16 * REQUESTS_MAX_COUNT,
                                          .allow_private_addresses = true});
    act_assert(self->client); // only when curl cannot start
    return self;
}

static void update_free(update_t *update)
{
    update->hooks->updates_count--;
    act_free(update);
}

static update_t *take_ready(graph_hooks_t *self)
{
    update_t *update = self->first_ready;
    self->first_ready = update->next;
    return update;
}

// The client ends requests by their callbacks, the agenda its entries: both release what they hold.
void graph_hooks_destroy(graph_hooks_t **self_p)
{
    if (!*self_p)
        return;
    graph_hooks_t *self = *self_p;
    self->is_closing = true;
    act_http_client_destroy(&self->client);
    graph_agenda_destroy(&self->agenda);
    while (self->first_ready)
        update_free(take_ready(self));
    *self_p = NULL;
    if (!self->is_pump_posted) // else the pump frees it
        act_free(self);
}

void graph_hooks_reset(graph_hooks_t *self)
{
    self->generation++;
    self->counts = (graph_hooks_counts_t){0};
}

graph_hooks_counts_t graph_hooks_counts(const graph_hooks_t *self)
{
    graph_hooks_counts_t counts = self->counts;
    counts.waiting_count = self->updates_count;
    return counts;
}

// --- posts ---------------------------------------------------------------------------------------

static void pump_later(graph_hooks_t *self);
static void post_try(post_t *post);

static void post_free(post_t *post)
{
    post->hooks->updates_count -= post->updates_count;
    act_free(post);
}

static void post_again(void *context, bool is_due)
{
    post_t *post = context;
    if (is_due && post->generation == post->hooks->generation)
        post_try(post);
    else
        post_free(post);
}

static void post_drop(post_t *post)
{
    post->hooks->counts.dropped_count += post->updates_count;
    post_free(post);
}

// At once, after 1 s, 2 s, 4 s, ...
static void post_repeat(post_t *post)
{
    graph_hooks_t *self = post->hooks;
    post->tries_count++;
    int64_t delay_ms = post->tries_count == 1 ? 0 : INT64_C(1000) << (post->tries_count - 2);
    if (post->tries_count < TRIES_MAX_COUNT &&
        graph_agenda_add(self->agenda, delay_ms, post_again, post))
        self->counts.repeats_count++;
    else
        post_drop(post);
}

static void on_answer(void *context, const act_http_in_t *response)
{
    post_t *post = context;
    graph_hooks_t *self = post->hooks;
    bool is_taken = response->err == ACT_E_OK && response->status == 200;
    self->requests_count--;
    if (self->is_closing || post->generation != self->generation || is_taken) {
        self->counts.sent_count += is_taken && post->generation == self->generation;
        post_free(post);
    } else {
        post_repeat(post);
    }
    if (!self->is_closing)
        pump_later(self);
}

// Repeats do not wait for a free request: there is room for them in the client, and what it refuses
// beyond that counts as a try.
static void post_try(post_t *post)
{
    const char *const headers[] = {post->signature, "User-Agent: facebookexternalua", NULL};
    act_http_out_t request = {
        .method = "POST",
        .url = post->hooks->options.url,
        .headers = headers,
        .body = act_str_of(post->body, post->len_bytes),
        .timeout_ms = POST_TIMEOUT_MS,
    };
    post->hooks->requests_count++;
    (void)act_http_send(post->hooks->client, &request, on_answer, post);
}

static void sign(const graph_hooks_t *self, post_t *post)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int digest_bytes = 0;
    (void)HMAC(EVP_sha256(), self->options.secret, (int)strlen(self->options.secret),
               (const uint8_t *)post->body, post->len_bytes, digest, &digest_bytes);
    size_t at =
        (size_t)snprintf(post->signature, sizeof post->signature, "X-Hub-Signature-256: sha256=");
    for (unsigned int i = 0; i < digest_bytes && at + 3 <= sizeof post->signature; i++, at += 2)
        (void)snprintf(post->signature + at, 3, "%02x", digest[i]);
}

// Moves up to batch_max_count ready updates into a body; tells how many.
static uint32_t write_batch(graph_hooks_t *self, act_buf_t *body)
{
    uint32_t count = 0;
    act_buf_printf(body,
                   "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"%s\","
                   "\"changes\":[",
                   self->options.waba_id);
    while (self->first_ready && count < self->batch_max_count) {
        update_t *update = take_ready(self);
        if (update->generation == self->generation) {
            if (count++ > 0)
                act_buf_add_char(body, ',');
            act_buf_add_str(body, act_str(update->change));
        }
        update_free(update);
    }
    act_buf_add_str(body, ACT_STR("]}]}"));
    return count;
}

static void post_batch(graph_hooks_t *self)
{
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES); // 1000 updates are about 500 KB
    uint32_t count = write_batch(self, &body);
    if (count > 0) {
        post_t *post = act_alloc(sizeof *post + body.len_bytes);
        post->hooks = self;
        post->generation = self->generation;
        post->updates_count = count;
        post->len_bytes = body.len_bytes;
        memcpy(post->body, body.ptr, body.len_bytes);
        self->updates_count += count;
        sign(self, post);
        post_try(post);
    }
    act_buf_fini(&body);
}

// Once a turn of the loop: what came due in it goes out together.
static void pump(void *context)
{
    graph_hooks_t *self = context;
    self->is_pump_posted = false;
    if (self->is_closing) {
        act_free(self);
        return;
    }
    while (self->first_ready && self->requests_count < REQUESTS_MAX_COUNT)
        post_batch(self);
}

static void pump_later(graph_hooks_t *self)
{
    if (self->is_pump_posted || !self->first_ready)
        return;
    self->is_pump_posted = true;
    act_loop_post(self->loop, pump, self);
}

// --- updates -------------------------------------------------------------------------------------

static void on_update(void *context, bool is_due)
{
    update_t *update = context;
    graph_hooks_t *self = update->hooks;
    if (!is_due) {
        update_free(update);
        return;
    }
    update->next = NULL;
    if (self->first_ready)
        self->last_ready->next = update;
    else
        self->first_ready = update;
    self->last_ready = update;
    pump_later(self);
}

typedef struct {
    act_str_t phone_number_id;
    act_str_t provider_id;
    const graph_send_t *send;
    const char *status;
    int32_t code; // of "failed"
    int64_t delay_ms;
} update_fields_t;

static void write_change(const update_fields_t *fields, act_buf_t *out)
{
    const graph_send_t *send = fields->send;
    bool has_plus = act_str_starts_with(send->to, "+");
    act_buf_add_str(out, ACT_STR("{\"field\":\"messages\",\"value\":{\"messaging_product\":"
                                 "\"whatsapp\",\"metadata\":{\"display_phone_number\":"
                                 "\"15550009999\",\"phone_number_id\":"));
    act_json_quote(fields->phone_number_id, out);
    act_buf_add_str(out, ACT_STR("},\"statuses\":[{\"id\":"));
    act_json_quote(fields->provider_id, out);
    act_buf_printf(out, ",\"status\":\"%s\",\"timestamp\":\"%" PRId64 "\",\"%s\":", fields->status,
                   (act_time_wall_us() / 1000 + fields->delay_ms) / 1000,
                   send->is_user_id ? "recipient_user_id" : "recipient_id");
    act_json_quote(has_plus ? act_str_of(send->to.ptr + 1, send->to.len_bytes - 1) : send->to, out);
    if (!act_str_empty(send->outbox_id)) {
        act_buf_add_str(out, ACT_STR(",\"biz_opaque_callback_data\":"));
        act_json_quote(send->outbox_id, out);
    }
    if (strcmp(fields->status, "failed") == 0)
        act_buf_printf(out,
                       ",\"errors\":[{\"code\":%" PRId32 ",\"title\":\"Simulated\","
                       "\"message\":\"Simulated\",\"error_data\":{\"details\":\"as told\"}}]",
                       fields->code);
    act_buf_add_str(out, ACT_STR("}]}}"));
}

static void schedule(graph_hooks_t *self, const update_fields_t *fields)
{
    if (self->updates_count >= UPDATES_MAX_COUNT) {
        self->counts.dropped_count++;
        return;
    }
    act_buf_t change;
    act_buf_init(&change, ACT_BUF_DEFAULT_MAX_BYTES);
    write_change(fields, &change);
    update_t *update = act_alloc(sizeof *update + change.len_bytes + 1);
    update->hooks = self;
    update->generation = self->generation;
    memcpy(update->change, change.ptr, change.len_bytes);
    act_buf_fini(&change);
    self->updates_count++;
    if (!graph_agenda_add(self->agenda, fields->delay_ms, on_update, update)) {
        self->counts.dropped_count++;
        update_free(update);
    }
}

void graph_hooks_accepted(graph_hooks_t *self, const graph_behaviour_t *behaviour,
                          act_str_t phone_number_id, act_str_t provider_id,
                          const graph_send_t *send)
{
    if (!self->options.url)
        return;
    self->batch_max_count = behaviour->statuses_per_post;
    int64_t whole_ms = behaviour->status_delay_ms * behaviour->statuses_count;
    for (uint32_t i = 0; i < behaviour->statuses_count; i++) {
        update_fields_t fields = {
            .phone_number_id = phone_number_id,
            .provider_id = provider_id,
            .send = send,
            .status = behaviour->statuses[i],
            .code = behaviour->status_code,
        };
        for (int copy = 0; copy <= behaviour->is_doubled; copy++) {
            fields.delay_ms = behaviour->is_shuffled
                                  ? (int64_t)(act_random_u64() % (uint64_t)(whole_ms + 1))
                                  : behaviour->status_delay_ms * (i + 1);
            schedule(self, &fields);
        }
    }
}
