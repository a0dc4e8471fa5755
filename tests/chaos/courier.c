// An agenda of copies, and a row for each post.

#include "courier.h"

#include "agenda.h"

#include <stdlib.h>
#include <string.h>

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 4000
#define BUSY_RETRY_US 3000
#define COPY_LATEST_US 3000000

typedef struct {
    courier_kind_t options;
    courier_counts_t counts;
    post_t *posts;
} lane_t;

struct courier {
    load_t *loads[COURIER_SERVERS_MAX];
    uint32_t loads_count;
    dice_t *dice;
    agenda_t *agenda;
    lane_t lanes[POST_KINDS];
};

static uint64_t tag_of(post_kind_t kind, uint32_t index)
{
    return (uint64_t)kind << 32 | index;
}

courier_t *courier_new(load_t *const *loads, uint32_t loads_count, dice_t *dice,
                       const courier_kind_t kinds[POST_KINDS])
{
    courier_t *self = calloc(1, sizeof *self);
    uint64_t copies_max_count = 0;
    if (self == NULL || loads_count == 0 || loads_count > COURIER_SERVERS_MAX)
        abort();
    memcpy(self->loads, loads, loads_count * sizeof(load_t *));
    self->loads_count = loads_count;
    self->dice = dice;
    for (int i = 0; i < POST_KINDS; i++) {
        lane_t *lane = &self->lanes[i];
        lane->options = kinds[i];
        lane->posts = calloc(kinds[i].posts_max_count, sizeof *lane->posts);
        if (lane->posts == NULL)
            abort();
        copies_max_count += 2 * (uint64_t)kinds[i].posts_max_count;
    }
    self->agenda = agenda_new(copies_max_count);
    return self;
}

void courier_destroy(courier_t **self_p)
{
    courier_t *self = *self_p;
    if (self == NULL)
        return;
    for (int i = 0; i < POST_KINDS; i++)
        free(self->lanes[i].posts);
    agenda_destroy(&self->agenda);
    free(self);
    *self_p = NULL;
}

static void add_copy(courier_t *self, post_kind_t kind, uint32_t index, int64_t due_us)
{
    self->lanes[kind].posts[index].copies_count++;
    agenda_add(self->agenda, due_us, tag_of(kind, index));
}

void courier_post(courier_t *self, post_kind_t kind, uint32_t index, int64_t due_us)
{
    lane_t *lane = &self->lanes[kind];
    if (index >= lane->options.posts_max_count)
        abort();
    lane->counts.posted_count++;
    add_copy(self, kind, index, due_us);
    // Half of the doubles leave together with the first, the others some time later.
    if (dice_in_10000(self->dice, lane->options.doubled_in_10000)) {
        int64_t later_us = dice_in_10000(self->dice, 5000) ? 0 : COPY_LATEST_US;
        add_copy(self, kind, index, due_us + dice_between(self->dice, 0, later_us));
    }
}

// Whose turn it is, or else another one with an idle connection; NULL: all are busy. A copy that comes again goes to the
// next server.
static load_t *server_for(const courier_t *self, uint32_t first)
{
    for (uint32_t i = 0; i < self->loads_count; i++) {
        load_t *load = self->loads[(first + i) % self->loads_count];
        if (load_idle_count(load) > 0)
            return load;
    }
    return NULL;
}

static void send_copy(courier_t *self, uint64_t tag)
{
    lane_t *lane = &self->lanes[tag >> 32];
    uint32_t index = (uint32_t)tag;
    webhook_t webhook;
    load_t *load = server_for(self, index + lane->posts[index].tries_count);
    if (load == NULL) {
        agenda_add(self->agenda, load_now_us() + BUSY_RETRY_US, tag);
        return;
    }
    lane->options.make(lane->options.context, index, &webhook);
    load_request_t request = {.headers = webhook.headers,
                              .body = webhook.body,
                              .body_bytes = webhook.body_bytes,
                              .tag = tag};
    if (load_send(load, &request) != 0)
        abort(); // a connection was idle, and a webhook is far below the limit
    lane->posts[index].tries_count++;
    lane->counts.tries_count++;
}

static int64_t backoff_us(courier_t *self, uint32_t tries_count)
{
    int64_t delay_ms = BACKOFF_FIRST_MS;
    for (uint32_t i = 1; i < tries_count && delay_ms < BACKOFF_MAX_MS; i++)
        delay_ms *= 2;
    return 1000 * dice_between(self->dice, delay_ms / 2, delay_ms);
}

static void count_failure(courier_counts_t *counts, int status)
{
    if (status == 0)
        counts->unanswered_count++;
    else if (status == 503 || status == 429)
        counts->unavailable_count++;
    else
        counts->refused_count++;
}

static void take_answer(courier_t *self, const load_reply_t *reply)
{
    post_kind_t kind = (post_kind_t)(reply->tag >> 32);
    uint32_t index = (uint32_t)reply->tag;
    lane_t *lane = &self->lanes[kind];
    post_t *post = &lane->posts[index];
    post->copies_count--;
    if (reply->status != 200) {
        count_failure(&lane->counts, reply->status);
        if (!post->is_acked && post->copies_count == 0)
            add_copy(self, kind, index, load_now_us() + backoff_us(self, post->tries_count));
    } else if (!post->is_acked) {
        post->is_acked = true;
        lane->counts.acked_count++;
        lane->options.on_acked(lane->options.context, index, reply->ended_us);
    }
}

void courier_turn(courier_t *self)
{
    load_reply_t reply;
    uint64_t tag;
    for (uint32_t i = 0; i < self->loads_count; i++) {
        load_wait(self->loads[i], 0);
        while (load_take_reply(self->loads[i], &reply))
            take_answer(self, &reply);
    }
    int64_t now_us = load_now_us(); // what is put off now is due later
    while (agenda_take(self->agenda, now_us, &tag))
        send_copy(self, tag);
}

int64_t courier_due_us(const courier_t *self)
{
    return agenda_due_us(self->agenda);
}

courier_counts_t courier_counts(const courier_t *self, post_kind_t kind)
{
    return self->lanes[kind].counts;
}

const post_t *courier_post_of(const courier_t *self, post_kind_t kind, uint32_t index)
{
    return &self->lanes[kind].posts[index];
}
