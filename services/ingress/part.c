// part: what of a post is stored by one call, and what happens when it cannot be (retry.h decides).
#include "post_private.h"

#include "base/id.h"
#include "group.h"
#include "proto/delivery_service.h"
#include "proto/persistence_service.h"
#include "retry.h"

#include <string.h>

#define DEAD_LETTER_MAX_BYTES (1u << 20) // PutDeadLetterRequest.body

// --- adding --------------------------------------------------------------------------------------

static part_t *add_part(post_t *self, part_kind_t kind, act_str_t tenant)
{
    part_t *part = act_arena_alloc(post_arena(self), sizeof *part);
    part->post = self;
    part->kind = kind;
    part->tenant = act_arena_str(post_arena(self), tenant);
    *self->last_part_p = part;
    self->last_part_p = &part->next;
    self->open_count++;
    return part;
}

void post_add_messages(post_t *self, const account_t *account, const inbound_message_t *messages,
                       uint32_t count)
{
    part_t *part = add_part(self, PART_MESSAGES, account->tenant);
    part->account_id = act_arena_str(post_arena(self), account->account_id);
    part->messages = messages;
    part->count = count;
}

static part_t *find_statuses(const post_t *self, act_str_t tenant)
{
    for (part_t *part = self->parts; part; part = part->next)
        if (part->kind == PART_STATUSES && act_str_eq(part->tenant, tenant))
            return part;
    return NULL;
}

void post_add_statuses(post_t *self, const account_t *account, const delivery_status_t *statuses,
                       uint32_t count)
{
    part_t *part = find_statuses(self, account->tenant);
    if (!part)
        part = add_part(self, PART_STATUSES, account->tenant);
    delivery_status_t *both =
        act_arena_alloc_array(post_arena(self), part->count + count, sizeof *both);
    if (part->count > 0)
        memcpy(both, part->statuses, part->count * sizeof *both);
    memcpy(both + part->count, statuses, count * sizeof *both);
    part->statuses = both;
    part->count += count;
}

void post_add_dead_letter(post_t *self, const char *reason)
{
    add_part(self, PART_DEAD_LETTER, self->body_tenant)->reason = reason;
}

// --- storing -------------------------------------------------------------------------------------

void part_stored(part_t *self)
{
    post_t *post = self->post;
    self->state = PART_DONE;
    if (--post->open_count == 0)
        post_finish(post);
}

static void set_aside(part_t *part, act_err_t err)
{
    act_log_error(act_actor_log(part->post->posts->actor), "append_refused", "tenant=%.*s,code=%s",
                  ACT_STR_ARG(part->tenant), act_err_code(err));
    part->kind = PART_DEAD_LETTER;
    part->tenant = part->post->body_tenant;
    part->reason = act_err_code(err);
    part->attempts_count = 0;
    part_ask(part);
}

void part_failed(part_t *self, const act_reply_t *reply, bool was_alone)
{
    post_t *post = self->post;
    posts_t *posts = post->posts;
    int64_t left_ms = post->deadline_ms - posts_now_ms(posts);
    retry_t retry = retry_decide(reply->err, ++self->attempts_count, left_ms, reply->retry_after_ms,
                                 act_random_u64());
    if (retry.action == RETRY_SET_ASIDE && !was_alone)
        retry = (retry_t){.action = RETRY_AGAIN}; // another part may be to blame
    if (retry.action == RETRY_AGAIN) {
        self->state = PART_WAITING;
        self->retry_at_ms = posts_now_ms(posts) + retry.delay_ms;
        posts_add_metric(posts, METRIC_RETRIES, 1);
        posts_ensure_tick(posts);
        return;
    }
    if (retry.action == RETRY_SET_ASIDE && self->kind != PART_DEAD_LETTER && left_ms > 0) {
        set_aside(self, reply->err);
        return;
    }
    post->has_failed = true;
    uint32_t count = 0;
    if (log_gate_pass(&posts->not_stored_gate, posts_now_ms(posts), 1, &count))
        act_log_warn(act_actor_log(posts->actor), "not_stored", "code=%s,count=%u",
                     act_err_code(reply->err), count);
    part_stored(self);
}

act_call_opts_t part_call_opts(const part_t *self, act_str_t key)
{
    const post_t *post = self->post;
    int64_t left_ms = post->deadline_ms - posts_now_ms(post->posts);
    // A header carries shorter keys than an address may be.
    key = act_utf8_prefix(key, ACT_HEADER_KEY_MAX_BYTES / 4);
    return (act_call_opts_t){
        .tenant = self->tenant,
        .key = key,
        .budget_ms = left_ms > 1 ? (uint32_t)left_ms : 1,
        .trace = &post->trace,
    };
}

static void ask_messages(part_t *part)
{
    groups_put(part->post->posts->groups, part);
}

static void on_statuses_stored(void *context, const act_reply_t *reply,
                               const apply_statuses_reply_t *body)
{
    part_t *part = context;
    if (reply->err != ACT_E_OK) {
        part_failed(part, reply, /* was_alone= */ true);
        return;
    }
    posts_t *posts = part->post->posts;
    posts_add_metric(posts, METRIC_STATUSES, body->statuses.count);
    for (uint32_t i = 0; i < body->statuses.count; i++) {
        act_str_t conversation_id = body->statuses.items[i].conversation_id;
        if (act_str_empty(conversation_id))
            continue;
        delivery_wake_request_t wake = {.conversation_id = conversation_id};
        act_call_opts_t opts = part_call_opts(part, conversation_id);
        delivery_wake(posts->actor, &opts, &wake);
    }
    part_stored(part);
}

static void ask_statuses(part_t *part)
{
    apply_statuses_request_t request = {
        .channel = act_str(part->post->channel->name),
        .statuses = {part->statuses, part->count},
    };
    const delivery_status_t *first = &part->statuses[0];
    act_call_opts_t opts = part_call_opts(part, act_str_empty(first->outbox_id) ? first->provider_id
                                                                                : first->outbox_id);
    part->call_id = persistence_apply_statuses(part->post->posts->actor, &opts, &request,
                                               on_statuses_stored, part);
}

static void on_set_aside(void *context, const act_reply_t *reply, const empty_t *body)
{
    (void)body;
    part_t *part = context;
    if (reply->err != ACT_E_OK) {
        part_failed(part, reply, /* was_alone= */ true);
        return;
    }
    posts_add_metric(part->post->posts, METRIC_DEAD_LETTERS, 1);
    part_stored(part);
}

static void ask_dead_letter(part_t *part)
{
    act_str_t body = part->post->webhook.body;
    put_dead_letter_request_t request = {
        .kind = ACT_STR("inbound"),
        .reason = act_str(part->reason),
        // Code points are bytes at least, so this is never too long.
        .body = body.len_bytes > DEAD_LETTER_MAX_BYTES
                    ? act_utf8_prefix(body, DEAD_LETTER_MAX_BYTES / 4)
                    : body,
    };
    act_call_opts_t opts = part_call_opts(part, ACT_STR(""));
    part->call_id =
        persistence_put_dead_letter(part->post->posts->actor, &opts, &request, on_set_aside, part);
}

void part_ask(part_t *self)
{
    static void (*const askers[])(part_t *) = {
        [PART_MESSAGES] = ask_messages,
        [PART_STATUSES] = ask_statuses,
        [PART_DEAD_LETTER] = ask_dead_letter,
    };
    self->state = PART_ASKED;
    askers[self->kind](self);
}

bool part_tick_all(const post_t *post, int64_t now_ms)
{
    bool is_needed = false;
    for (part_t *part = post->parts; part; part = part->next) {
        if (part->state != PART_WAITING)
            continue;
        if (part->retry_at_ms <= now_ms)
            part_ask(part);
        else
            is_needed = true;
    }
    return is_needed;
}

void post_store(post_t **self_p)
{
    post_t *self = act_take(self_p);
    if (self->open_count == 0) {
        post_finish(self);
        return;
    }
    for (part_t *part = self->parts; part; part = part->next)
        part_ask(part);
}
