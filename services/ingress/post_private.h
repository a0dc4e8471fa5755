// post_private: the structs that post.c (holding) and part.c (storing) share.
#pragma once
#include "metrics.h"
#include "post.h"

typedef enum { PART_MESSAGES, PART_STATUSES, PART_DEAD_LETTER } part_kind_t;
typedef enum { PART_NEW, PART_ASKED, PART_WAITING, PART_DONE } part_state_t;

// What one call to persistence stores.
typedef struct part {
    struct part *next;
    struct part *next_in_group; // of MESSAGES, see group.h
    post_t *post;
    part_kind_t kind;
    part_state_t state;
    act_str_t tenant;
    act_str_t account_id; // of MESSAGES
    const inbound_message_t *messages;
    delivery_status_t *statuses;
    uint32_t count;
    const char *reason;      // of a dead letter; static
    uint64_t call_id;        // while ASKED; of MESSAGES the group has it
    int64_t retry_at_ms;     // while WAITING
    uint32_t attempts_count; // calls that failed
} part_t;

struct post {
    post_t *next, *previous;
    posts_t *posts;
    act_http_request_t *request;
    const act_channel_t *channel;
    act_channel_webhook_t webhook;
    act_str_t client_key;
    act_str_t body_tenant;
    act_trace_t trace;
    int64_t deadline_ms;
    bool is_waiting; // for accounts
    bool has_failed; // a part could not be stored
    part_t *parts;
    part_t **last_part_p;
    uint32_t open_count; // parts that are not done
};

struct posts {
    act_actor_t *actor;
    struct groups *groups;
    posts_limits_t limits;
    post_ready_fn *on_ready;
    void *context;
    post_t *first;
    uint32_t count;
    size_t held_bytes;
    act_trace_t last_trace;
    act_timer_t *tick;
    log_gate_t not_stored_gate; // of the log
};

int64_t posts_now_ms(const posts_t *self);
void posts_add_metric(const posts_t *self, ingress_metric_t metric, uint64_t value);

// Something waits for the timer.
void posts_ensure_tick(posts_t *self);

// The last part is done.
void post_finish(post_t *self);

// Starts the part's call; what follows comes later, from the loop.
void part_ask(part_t *self);

// How the call ended. was_alone: it stored nothing but this part.
void part_stored(part_t *self);
void part_failed(part_t *self, const act_reply_t *reply, bool was_alone);

// For calls made for this part: its tenant and trace, and the time it has left.
act_call_opts_t part_call_opts(const part_t *self, act_str_t key);

// Asks again what is due; true while something of this post still waits for the timer.
bool part_tick_all(const post_t *post, int64_t now_ms);
