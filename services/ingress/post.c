// post: what is held. While nothing fails, a post is a few structs in the request's arena and one
// call; a single timer walks the posts only while one of them waits.
#include "post_private.h"

#include "base/crash_point.h"
#include "base/id.h"
#include "group.h"

#define TICK_MS 10
#define RETRY_AFTER_S 1

int64_t posts_now_ms(const posts_t *self)
{
    return act_loop_now_ms(act_actor_loop(self->actor));
}

void posts_add_metric(const posts_t *self, ingress_metric_t metric, uint64_t value)
{
    act_metrics_add(act_actor_metrics(self->actor), metric, value);
}

// --- answers -------------------------------------------------------------------------------------

static act_str_t text_of(uint16_t status)
{
    static const struct {
        uint16_t status;
        act_str_t text;
    } texts[] = {
        {200, ACT_STR_INIT("ok\n")},
        {400, ACT_STR_INIT("bad body\n")},
        {401, ACT_STR_INIT("bad signature\n")},
        {403, ACT_STR_INIT("wrong token\n")},
        {404, ACT_STR_INIT("no such path\n")},
        {405, ACT_STR_INIT("method not allowed\n")},
        {429, ACT_STR_INIT("too many requests\n")},
        {503, ACT_STR_INIT("not stored, please send again\n")},
    };
    for (size_t i = 0; i < ACT_COUNT(texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return ACT_STR("");
}

void post_respond(act_http_request_t **request_p, uint16_t status, uint32_t retry_after_s)
{
    act_http_response_t response = {
        .status = status, .body = text_of(status), .retry_after_s = retry_after_s};
    act_http_respond(request_p, &response);
}

static void unlink_post(post_t *self)
{
    posts_t *posts = self->posts;
    if (self->previous)
        self->previous->next = self->next;
    else
        posts->first = self->next;
    if (self->next)
        self->next->previous = self->previous;
    posts->count--;
    posts->held_bytes -= self->webhook.body.len_bytes;
    act_metrics_set(act_actor_metrics(posts->actor), METRIC_HELD, posts->count);
}

void post_answer(post_t **self_p, uint16_t status, uint32_t retry_after_s)
{
    post_t *self = act_take(self_p);
    if (status == 200)
        ACT_CRASH_POINT("ingress.ack.sending");
    if (status == 200)
        posts_add_metric(self->posts, METRIC_STORED, 1);
    else if (status == 503)
        posts_add_metric(self->posts, METRIC_NOT_STORED, 1);
    unlink_post(self);
    act_http_request_t *request = self->request; // self is in its arena
    post_respond(&request, status, retry_after_s);
    if (status == 200)
        ACT_CRASH_POINT("ingress.ack.sent");
}

void post_finish(post_t *self)
{
    if (self->has_failed)
        post_answer(&self, 503, RETRY_AFTER_S);
    else
        post_answer(&self, 200, 0);
}

// --- opening -------------------------------------------------------------------------------------

static void on_tick(void *context);

posts_t *posts_new(act_actor_t *actor, const posts_limits_t *limits, post_ready_fn *on_ready,
                   void *context)
{
    posts_t *self = act_alloc(sizeof *self);
    *self = (posts_t){.actor = actor, .limits = *limits, .on_ready = on_ready, .context = context};
    self->groups = groups_new(actor);
    act_random(&self->last_trace, sizeof self->last_trace);
    self->tick = act_timer_new(act_actor_loop(actor), on_tick, self);
    return self;
}

void posts_destroy(posts_t **self_p)
{
    posts_t *self = *self_p;
    if (!self)
        return;
    groups_destroy(&self->groups);
    while (self->first) {
        post_t *post = self->first;
        for (part_t *part = post->parts; part; part = part->next)
            if (part->state == PART_ASKED && part->kind != PART_MESSAGES)
                act_actor_cancel(self->actor, part->call_id);
        post_answer(&post, 503, RETRY_AFTER_S);
    }
    act_timer_destroy(&self->tick);
    act_free(act_take(self_p));
}

uint32_t posts_count(const posts_t *self)
{
    return self->count;
}

// Unique, not secret: one random start, then steps that spread over all bits (2^64 / golden ratio).
static act_trace_t next_trace(posts_t *self)
{
    self->last_trace.trace_low += UINT64_C(0x9e3779b97f4a7c15);
    self->last_trace.span += UINT64_C(0x9e3779b97f4a7c15);
    return self->last_trace;
}

post_t *post_open(posts_t *posts, const act_channel_t *channel, act_http_request_t *request)
{
    act_str_t body = act_http_body(request);
    if (posts->count >= posts->limits.held_max_count ||
        posts->held_bytes + body.len_bytes > posts->limits.held_max_bytes) {
        posts_add_metric(posts, METRIC_HELD_FULL, 1);
        return NULL;
    }
    post_t *self = act_arena_alloc(act_http_arena(request), sizeof *self);
    self->posts = posts;
    self->request = request;
    self->channel = channel;
    self->webhook.body = body;
    (void)act_http_header(request, channel->signature_header, &self->webhook.signature);
    self->trace = next_trace(posts);
    int64_t hold_ms = posts->limits.hold_ms > 0 ? posts->limits.hold_ms : channel->hold_ms;
    self->deadline_ms = posts_now_ms(posts) + hold_ms;
    self->last_part_p = &self->parts;
    self->next = posts->first;
    if (posts->first)
        posts->first->previous = self;
    posts->first = self;
    posts->count++;
    posts->held_bytes += body.len_bytes;
    ACT_CRASH_POINT("ingress.post.held");
    return self;
}

const act_channel_t *post_channel(const post_t *self)
{
    return self->channel;
}

const act_channel_webhook_t *post_webhook(const post_t *self)
{
    return &self->webhook;
}

act_arena_t *post_arena(const post_t *self)
{
    return act_http_arena(self->request);
}

void post_set_client(post_t *self, act_str_t client_key)
{
    self->client_key = act_arena_str(post_arena(self), client_key);
}

act_str_t post_client(const post_t *self)
{
    return self->client_key;
}

void post_set_body_tenant(post_t *self, act_str_t tenant)
{
    self->body_tenant = act_arena_str(post_arena(self), tenant);
}

// --- waiting -------------------------------------------------------------------------------------

void posts_ensure_tick(posts_t *self)
{
    if (!act_timer_is_active(self->tick))
        act_timer_start(self->tick, TICK_MS, TICK_MS);
}

void post_wait(post_t *self)
{
    self->is_waiting = true;
    posts_ensure_tick(self->posts);
}

void posts_on_accounts(posts_t *self)
{
    post_t *next = NULL;
    for (post_t *post = self->first; post; post = next) {
        next = post->next;
        if (!post->is_waiting)
            continue;
        post->is_waiting = false;
        self->on_ready(self->context, post);
    }
}

static void on_tick(void *context)
{
    posts_t *self = context;
    int64_t now_ms = posts_now_ms(self);
    bool is_needed = false;
    post_t *next = NULL;
    for (post_t *post = self->first; post; post = next) {
        next = post->next;
        if (!post->is_waiting)
            is_needed |= part_tick_all(post, now_ms);
        else if (post->deadline_ms <= now_ms)
            post_answer(&post, 503, RETRY_AFTER_S);
        else
            is_needed = true;
    }
    if (!is_needed)
        act_timer_stop(self->tick);
}
