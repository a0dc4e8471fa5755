// group: a table of the accounts that have something on its way, and the calls of each.
#include "group.h"

#include "base/crash_point.h"
#include "proto/persistence_service.h"
#include "proto/session_service.h"
#include "shape.h"

#include <string.h>

#define BUCKETS_COUNT 256

// The parts of one account. It exists while a call is on its way.
typedef struct group {
    struct group *next; // in its bucket
    groups_t *groups;
    act_str_t tenant; // owned, like account_id
    act_str_t account_id;
    const act_channel_t *channel;
    part_t *first; // waiting
    part_t **last_p;
    uint32_t calls_count;
} group_t;

typedef struct call {
    struct call *next, *previous;
    groups_t *groups;
    group_t *group; // NULL for a part that goes by itself
    part_t *parts;
    uint64_t call_id;
} call_t;

struct groups {
    act_actor_t *actor;
    group_t *buckets[BUCKETS_COUNT];
    call_t *calls;
};

groups_t *groups_new(act_actor_t *actor)
{
    groups_t *self = act_alloc(sizeof *self);
    self->actor = actor;
    return self;
}

// --- the table -----------------------------------------------------------------------------------

static group_t **bucket_of(groups_t *self, act_str_t tenant, act_str_t account_id)
{
    uint64_t hash = act_str_hash(account_id, act_str_hash(tenant, 0));
    return &self->buckets[hash % BUCKETS_COUNT];
}

static bool is_for(const group_t *self, const part_t *part)
{
    return self->channel == part->post->channel && act_str_eq(self->tenant, part->tenant) &&
           act_str_eq(self->account_id, part->account_id);
}

static act_str_t own(act_str_t text)
{
    char *room = act_alloc(text.len_bytes + 1);
    memcpy(room, text.ptr, text.len_bytes);
    return act_str_of(room, text.len_bytes);
}

static group_t *group_of(groups_t *self, const part_t *part)
{
    group_t **bucket = bucket_of(self, part->tenant, part->account_id);
    for (group_t *group = *bucket; group; group = group->next)
        if (is_for(group, part))
            return group;
    group_t *group = act_alloc(sizeof *group);
    *group = (group_t){
        .next = *bucket,
        .groups = self,
        .tenant = own(part->tenant),
        .account_id = own(part->account_id),
        .channel = part->post->channel,
    };
    group->last_p = &group->first;
    *bucket = group;
    return group;
}

static void group_destroy(group_t **self_p)
{
    group_t *self = act_take(self_p);
    group_t **at = bucket_of(self->groups, self->tenant, self->account_id);
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    act_free((char *)self->tenant.ptr);
    act_free((char *)self->account_id.ptr);
    act_free(self);
}

// --- calls ---------------------------------------------------------------------------------------

static call_t *call_new(groups_t *groups, group_t *group, part_t *parts)
{
    call_t *self = act_alloc(sizeof *self);
    *self = (call_t){.next = groups->calls, .groups = groups, .group = group, .parts = parts};
    if (groups->calls)
        groups->calls->previous = self;
    groups->calls = self;
    return self;
}

static void call_destroy(call_t **self_p)
{
    call_t *self = act_take(self_p);
    if (self->previous)
        self->previous->next = self->next;
    else
        self->groups->calls = self->next;
    if (self->next)
        self->next->previous = self->previous;
    act_free(self);
}

static const part_t *part_with(const call_t *self, act_str_t external_id,
                               const inbound_message_t **ret_message)
{
    for (const part_t *part = self->parts; part; part = part->next_in_group)
        for (uint32_t i = 0; i < part->count; i++)
            if (act_str_eq(part->messages[i].external_id, external_id)) {
                *ret_message = &part->messages[i];
                return part;
            }
    return NULL;
}

// A hint that is lost or left out is found by the sweeper of session.
static void wake_session(const call_t *self, const appended_message_t *message)
{
    const inbound_message_t *inbound = NULL;
    const part_t *part = part_with(self, message->external_id, &inbound);
    if (!part)
        return;
    wake_request_t wake = {
        .conversation_id = message->conversation_id,
        .external_id = message->external_id,
        .shape = act_str(shape_of(inbound)),
    };
    act_call_opts_t opts = part_call_opts(part, message->conversation_id);
    session_wake(self->groups->actor, &opts, &wake);
}

static void note_stored(const call_t *self, const append_inbound_reply_t *body)
{
    posts_t *posts = self->parts->post->posts;
    act_str_t woken = ACT_STR("");
    for (uint32_t i = 0; i < body->messages.count; i++) {
        const appended_message_t *message = &body->messages.items[i];
        posts_add_metric(posts, message->is_new ? METRIC_MESSAGES : METRIC_DUPLICATES, 1);
        if (!message->is_new || !message->starts_turn ||
            act_str_eq(message->conversation_id, woken))
            continue;
        woken = message->conversation_id;
        wake_session(self, message);
    }
}

static void ask_waiting(group_t *self);

static void on_stored(void *context, const act_reply_t *reply, const append_inbound_reply_t *body)
{
    call_t *self = context;
    group_t *group = self->group;
    part_t *parts = self->parts;
    bool is_alone = !parts->next_in_group;
    if (reply->err == ACT_E_OK)
        note_stored(self, body);
    ACT_CRASH_POINT("ingress.group.stored");
    call_destroy(&self);
    if (group) {
        group->calls_count--;
        ask_waiting(group);
    }
    for (part_t *part = parts, *next = NULL; part; part = next) {
        next = part->next_in_group;
        part->next_in_group = NULL;
        if (reply->err == ACT_E_OK)
            part_stored(part);
        else
            part_failed(part, reply, is_alone);
    }
}

static uint32_t messages_count(const part_t *parts)
{
    uint32_t count = 0;
    for (const part_t *part = parts; part; part = part->next_in_group)
        count += part->count;
    return count;
}

static void ask(groups_t *self, group_t *group, part_t *parts)
{
    call_t *call = call_new(self, group, parts);
    uint32_t count = messages_count(parts), at = 0;
    inbound_message_t *messages = act_alloc_array(count, sizeof *messages);
    for (const part_t *part = parts; part; part = part->next_in_group) {
        memcpy(messages + at, part->messages, part->count * sizeof *messages);
        at += part->count;
    }
    append_inbound_request_t request = {
        .channel = act_str(parts->post->channel->name),
        .channel_account_id = parts->account_id,
        .messages = {messages, count},
    };
    act_call_opts_t opts = part_call_opts(parts, /* key= */ act_str(""));
    call->call_id = persistence_append_inbound(self->actor, &opts, &request, on_stored, call);
    act_free(messages);
}

// Takes what fits into one call out of the list of those that wait.
static part_t *take_waiting(group_t *self)
{
    part_t *parts = self->first;
    part_t **end = &parts;
    uint32_t count = 0;
    size_t size_bytes = 0;
    while (*end) {
        part_t *part = *end;
        count += part->count;
        size_bytes += part->post->webhook.body.len_bytes;
        bool fits = count <= GROUP_MESSAGES_MAX_COUNT && size_bytes <= GROUP_MAX_BYTES;
        if (part != parts && !fits)
            break;
        end = &part->next_in_group;
    }
    self->first = *end;
    if (!self->first)
        self->last_p = &self->first;
    *end = NULL;
    return parts;
}

static void ask_waiting(group_t *self)
{
    while (self->first && self->calls_count < GROUP_CALLS_MAX_COUNT) {
        self->calls_count++;
        ask(self->groups, self, take_waiting(self));
    }
    if (self->calls_count == 0)
        group_destroy(&self);
}

// --- public --------------------------------------------------------------------------------------

void groups_put(groups_t *self, part_t *part)
{
    part->next_in_group = NULL;
    if (part->attempts_count > 0) {
        ask(self, NULL, part);
        return;
    }
    group_t *group = group_of(self, part);
    *group->last_p = part;
    group->last_p = &part->next_in_group;
    ask_waiting(group);
}

void groups_destroy(groups_t **self_p)
{
    groups_t *self = *self_p;
    if (!self)
        return;
    while (self->calls) {
        call_t *call = self->calls;
        act_actor_cancel(self->actor, call->call_id);
        call_destroy(&call);
    }
    for (size_t i = 0; i < BUCKETS_COUNT; i++)
        while (self->buckets[i]) {
            group_t *group = self->buckets[i];
            group_destroy(&group);
        }
    act_free(act_take(self_p));
}
