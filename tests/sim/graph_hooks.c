// graph_hooks: an update is the JSON of one change until it is due, then part of a post; a post
// lives until it is answered 200 or given up.
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
#define POSTS_MAX_COUNT 10000
#define TRIES_MAX_COUNT 8
#define POST_TIMEOUT_MS 20000
// The client refuses what is beyond; posts then wait a moment.
#define REQUESTS_MAX_COUNT 256
#define BUSY_DELAY_MS 5

typedef struct post post_t;

struct graph_hooks {
    act_loop_t *loop;
    graph_hooks_options_t options;
    act_http_client_t *client;
    graph_agenda_t *agenda;
    act_buf_t batch; // changes that are due, with commas
    uint32_t batch_count;
    uint32_t batch_max_count;
    bool is_flush_posted;
    bool is_closing;
    uint32_t generation; // counts resets: what is older is forgotten
    uint32_t posts_count;
    graph_hooks_counts_t counts;
};

typedef struct {
    graph_hooks_t *hooks;
    uint32_t generation;
    char change[]; // JSON, terminated
} update_t;

struct post {
    graph_hooks_t *hooks;
    uint32_t tries_count;
    char signature[96]; // the whole header line
    size_t len_bytes;
    char body[];
};

graph_hooks_t *graph_hooks_new(act_loop_t *loop, const graph_hooks_options_t *options)
{
    graph_hooks_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->options = *options;
    self->batch_max_count = 1;
    act_buf_init(&self->batch, ACT_BUF_DEFAULT_MAX_BYTES);
    self->agenda = graph_agenda_new(loop, UPDATES_MAX_COUNT + POSTS_MAX_COUNT);
    self->client =
        act_http_client_new(loop,
                            &(act_http_client_limits_t){.connections_max_count = 32,
                                                        .requests_max_count = REQUESTS_MAX_COUNT,
                                                        .allow_private_addresses = true});
    act_assert(self->client); // only when curl cannot start
    return self;
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
    act_buf_fini(&self->batch);
    *self_p = NULL;
    if (!self->is_flush_posted) // else the flush frees it
        act_free(self);
}

void graph_hooks_reset(graph_hooks_t *self)
{
    self->generation++;
    act_buf_reset(&self->batch);
    self->batch_count = 0;
    self->counts = (graph_hooks_counts_t){0};
}

graph_hooks_counts_t graph_hooks_counts(const graph_hooks_t *self)
{
    graph_hooks_counts_t counts = self->counts;
    counts.waiting_count = graph_agenda_count(self->agenda) + self->posts_count;
    return counts;
}

// --- posts ---------------------------------------------------------------------------------------

static void post_try(post_t *post);

static void post_free(post_t *post)
{
    post->hooks->posts_count--;
    act_free(post);
}

static void post_again(void *context, bool is_due)
{
    if (is_due)
        post_try(context);
    else
        post_free(context);
}

static void post_later(post_t *post, int64_t delay_ms)
{
    if (graph_agenda_add(post->hooks->agenda, delay_ms, post_again, post))
        return;
    post->hooks->counts.dropped_count++;
    post_free(post);
}

static void on_answer(void *context, const act_http_in_t *response)
{
    post_t *post = context;
    graph_hooks_t *self = post->hooks;
    if (self->is_closing) {
        post_free(post);
    } else if (response->err == ACT_E_OK && response->status == 200) {
        self->counts.sent_count++;
        post_free(post);
    } else if (response->err == ACT_E_OVERLOADED) {
        post_later(post, BUSY_DELAY_MS);
    } else if (++post->tries_count < TRIES_MAX_COUNT) {
        self->counts.repeats_count++;
        post_later(post, post->tries_count == 1 ? 0 : INT64_C(1000) << (post->tries_count - 2));
    } else {
        self->counts.dropped_count++;
        post_free(post);
    }
}

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

static void post_batch(graph_hooks_t *self)
{
    if (self->batch_count == 0)
        return;
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_buf_printf(&body,
                   "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"%s\","
                   "\"changes\":[",
                   self->options.waba_id);
    act_buf_add_str(&body, act_buf_str(&self->batch));
    act_buf_add_str(&body, ACT_STR("]}]}"));
    act_buf_reset(&self->batch);
    self->batch_count = 0;
    if (self->posts_count == POSTS_MAX_COUNT || body.is_overflowed) {
        self->counts.dropped_count++;
    } else {
        post_t *post = act_alloc(sizeof *post + body.len_bytes);
        post->hooks = self;
        post->len_bytes = body.len_bytes;
        memcpy(post->body, body.ptr, body.len_bytes);
        self->posts_count++;
        sign(self, post);
        post_try(post);
    }
    act_buf_fini(&body);
}

// --- updates -------------------------------------------------------------------------------------

// What came due in this turn of the loop goes out together.
static void flush(void *context)
{
    graph_hooks_t *self = context;
    self->is_flush_posted = false;
    if (self->is_closing)
        act_free(self);
    else
        post_batch(self);
}

static void flush_later(graph_hooks_t *self)
{
    if (self->is_flush_posted)
        return;
    self->is_flush_posted = true;
    act_loop_post(self->loop, flush, self);
}

static void on_update(void *context, bool is_due)
{
    update_t *update = context;
    graph_hooks_t *self = update->hooks;
    if (is_due && update->generation == self->generation) {
        if (self->batch_count > 0)
            act_buf_add_char(&self->batch, ',');
        act_buf_add_str(&self->batch, act_str(update->change));
        self->batch_count++;
        if (self->batch_count >= self->batch_max_count)
            post_batch(self);
        else
            flush_later(self);
    }
    act_free(update);
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
    act_buf_t change;
    act_buf_init(&change, ACT_BUF_DEFAULT_MAX_BYTES);
    write_change(fields, &change);
    update_t *update = act_alloc(sizeof *update + change.len_bytes + 1);
    update->hooks = self;
    update->generation = self->generation;
    memcpy(update->change, change.ptr, change.len_bytes);
    act_buf_fini(&change);
    if (!graph_agenda_add(self->agenda, fields->delay_ms, on_update, update)) {
        self->counts.dropped_count++;
        act_free(update);
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
