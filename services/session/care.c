// care: one timer for what is due next.
#include "care.h"

#include "base/crash_point.h"
#include "channels/channel.h"
#include "proto/delivery_service.h"
#include "proto/persistence_service.h"
#include "texts/texts.h"

// A channel shows "typing" for about 25 s.
#define TYPING_AGAIN_MS 20000
#define KEEP_BUDGET_MS 3000
// Of the time for a first sign: for a holding message's way to the customer.
#define FIRST_SIGN_RESERVE_PCT 10

static int64_t now_ms(const turn_t *turn)
{
    return act_loop_now_ms(act_actor_loop(turn->session->actor));
}

// A person's conversation is not ours to mark.
static bool can_type(const turn_t *turn)
{
    const act_channel_t *channel = act_channel_find(turn->begin.channel);
    return turn->session->typing_after_ms >= 0 && channel && channel->render_typing &&
           turn->begin.pending.count > 0;
}

// The customer's newest message is marked as read, with the sign that an answer is being written.
static void show_typing(turn_t *turn)
{
    const pending_message_t *newest = &turn->begin.pending.items[turn->begin.pending.count - 1];
    show_typing_request_t request = {
        .channel = turn->begin.channel,
        .channel_account_id = turn->begin.channel_account_id,
        .external_id = newest->external_id,
    };
    act_call_opts_t opts = turn_call_opts(turn);
    delivery_show_typing(turn->session->actor, &opts, &request);
}

// The turn may be gone; delivery finds what is due by itself, only later.
static void on_kept(void *context, const act_reply_t *reply, const turn_keep_reply_t *body)
{
    session_t *session = context;
    if (reply->err == ACT_E_OK && !body->is_kept)
        act_log_warn(act_actor_log(session->actor), "lease_not_kept", "sender=%" ACT_STR_FMT,
                     ACT_STR_ARG(reply->sender));
}

static void keep(turn_t *turn, bool says_so)
{
    ACT_CRASH_POINT("session.turn.keeping");
    const outbound_content_t holding = {
        .type = ACT_STR("text"),
        .text = act_text("system.holding", turn->language),
        .purpose = ACT_STR("holding"),
    };
    const turn_keep_request_t request = {
        .conversation_id = turn->conversation_id,
        .fence = turn->begin.fence,
        .lease_ms = (uint32_t)turn->session->lease_ms,
        .content = says_so ? &holding : NULL,
    };
    act_call_opts_t opts = turn_call_opts(turn);
    opts.budget_ms = KEEP_BUDGET_MS;
    persistence_turn_keep(turn->session->actor, &opts, &request, on_kept, turn->session);
}

static void arm(turn_t *turn)
{
    const turn_care_t *care = &turn->care;
    int64_t due_ms = care->keep_at_ms;
    if (care->sign_at_ms > 0 && care->sign_at_ms < due_ms)
        due_ms = care->sign_at_ms;
    int64_t wait_ms = due_ms - now_ms(turn);
    act_timer_start(care->timer, wait_ms > 0 ? wait_ms : 1, /* repeat_ms= */ 0);
}

static void on_due(void *context)
{
    turn_t *turn = context;
    turn_care_t *care = &turn->care;
    int64_t now = now_ms(turn);
    bool is_sign_due = care->sign_at_ms > 0 && now >= care->sign_at_ms;
    bool says_so = is_sign_due && !can_type(turn);
    if (is_sign_due && !says_so)
        show_typing(turn);
    if (is_sign_due)
        care->sign_at_ms = says_so ? 0 : now + TYPING_AGAIN_MS;
    if (says_so || now >= care->keep_at_ms) {
        keep(turn, says_so);
        care->keep_at_ms = now + turn->session->lease_ms / 3;
    }
    arm(turn);
}

// When the first sign is due: at once where it costs nothing, else as late as the tenant allows.
static int64_t first_sign_at_ms(const turn_t *turn)
{
    if (!act_str_is(turn->begin.owner, "bot"))
        return 0;
    if (can_type(turn))
        return turn->started_ms + turn->session->typing_after_ms;
    int64_t left_ms = (int64_t)turn->begin.first_sign_ms * (100 - FIRST_SIGN_RESERVE_PCT) / 100 -
                      turn_waited_ms(turn);
    return now_ms(turn) + (left_ms > 1 ? left_ms : 1);
}

void care_start(turn_t *turn)
{
    act_loop_t *loop = act_actor_loop(turn->session->actor);
    turn->care = (turn_care_t){
        .timer = act_timer_new(loop, on_due, turn),
        .sign_at_ms = first_sign_at_ms(turn),
        .keep_at_ms = now_ms(turn) + turn->session->lease_ms / 3,
    };
    arm(turn);
}
