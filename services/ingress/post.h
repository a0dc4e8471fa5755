// post: one webhook POST that is held until what it says is committed (promises.md D1, D2, 3.1).
//
// A post is opened when it may be held, filled with parts (messages of one account, statuses of one
// tenant, a body to set aside), and then stored: one call a part, asked again while something
// restarts. When the last part is done it is answered: 200 if all are committed, else 503, so that
// the channel delivers again; what was committed is then recognised. A client that hangs up changes
// nothing. Everything a post needs lives in its request's arena and is gone once it is answered.
#pragma once
#include "account_set.h"
#include "actor/actor.h"
#include "io/http_server.h"

typedef struct posts posts_t;
typedef struct post post_t;

typedef struct {
    uint32_t held_max_count;
    size_t held_max_bytes; // of bodies
    int64_t hold_ms;       // 0: as long as the channel says
} posts_limits_t;

// on_ready is called for a post that waited, when there is a newer list of accounts.
typedef void post_ready_fn(void *context, post_t *post);
posts_t *posts_new(act_actor_t *actor, const posts_limits_t *limits, post_ready_fn *on_ready,
                   void *context);
// Posts that are still held are answered 503.
void posts_destroy(posts_t **self_p);

uint32_t posts_count(const posts_t *self);

// A newer list of accounts is there.
void posts_on_accounts(posts_t *self);

// NULL when too much is held already; the request is then untouched.
post_t *post_open(posts_t *posts, const act_channel_t *channel, act_http_request_t *request);

const act_channel_t *post_channel(const post_t *self);
const act_channel_webhook_t *post_webhook(const post_t *self);
act_arena_t *post_arena(const post_t *self);

// Whom it counts for (client.h); kept with the post, as it may be looked at more than once.
void post_set_client(post_t *self, act_str_t client_key);
act_str_t post_client(const post_t *self);

// Under which tenant the whole body may be kept, should it have to be set aside; before any part.
void post_set_body_tenant(post_t *self, act_str_t tenant);

// Holds it until there is a newer list of accounts, or the hold runs out (503).
void post_wait(post_t *self);

// Parts borrow from the post's arena; of the account nothing is kept.
void post_add_messages(post_t *self, const account_t *account, const inbound_message_t *messages,
                       uint32_t count);
void post_add_statuses(post_t *self, const account_t *account, const delivery_status_t *statuses,
                       uint32_t count);
// The whole body. reason: static.
void post_add_dead_letter(post_t *self, const char *reason);

// Stores all parts; the post is answered then or, when it has none, now.
void post_store(post_t **self_p);

// Ends a post that is not being stored.
void post_answer(post_t **self_p, uint16_t status, uint32_t retry_after_s);

// Ends a request with a short text that says what the status means.
void post_respond(act_http_request_t **request_p, uint16_t status, uint32_t retry_after_s);
