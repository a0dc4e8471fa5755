// decide: one short function a verdict.
#include "decide.h"

// A stopped account is tried again now and then: the person may have acted.
#define STOP_MS 60000
#define PAUSE_MAX_MS (15 * 60 * 1000)
#define TEXT_MAX_BYTES 1024

const char decide_gave_up_unknown[] = "outcome unknown twice: it may have been sent";
const char decide_parked_unknown[] = "outcome unknown: it may have been sent";

const char *outcome_name(outcome_t outcome)
{
    static const char *const names[] = {
        [OUTCOME_SENT] = "sent",     [OUTCOME_RETRY] = "retry",     [OUTCOME_RETURNED] = "returned",
        [OUTCOME_FAILED] = "failed", [OUTCOME_REFUSED] = "refused", [OUTCOME_PARKED] = "parked"};
    return names[outcome];
}

// Up to a quarter more, so that what failed together does not come back together.
static int64_t with_jitter(int64_t delay_ms, uint64_t random)
{
    return delay_ms + (int64_t)(random % (uint64_t)(delay_ms / 4 + 1));
}

static decision_t decide_sent(const act_channel_verdict_t *verdict,
                              const circumstances_t *circumstances)
{
    (void)verdict;
    (void)circumstances;
    return (decision_t){.outcome = OUTCOME_SENT, .reason = ""};
}

static decision_t decide_retry(const act_channel_verdict_t *verdict,
                               const circumstances_t *circumstances)
{
    int64_t delay_ms = verdict->delay_ms > 0 ? verdict->delay_ms : 0;
    int64_t pause_ms = delay_ms < PAUSE_MAX_MS ? delay_ms : PAUSE_MAX_MS;
    decision_t decision = {
        .outcome = OUTCOME_RETRY,
        .retry_after_ms = with_jitter(delay_ms, circumstances->random),
        .pause_ms = verdict->is_account_wide ? pause_ms : 0,
        .reason = "",
    };
    if (circumstances->attempts_count >= circumstances->attempts_max_count) {
        decision.outcome = OUTCOME_FAILED;
        decision.retry_after_ms = 0;
        decision.reason = "given up after too many attempts";
    }
    return decision;
}

static decision_t decide_refused(const act_channel_verdict_t *verdict,
                                 const circumstances_t *circumstances)
{
    (void)verdict;
    (void)circumstances;
    return (decision_t){.outcome = OUTCOME_FAILED, .reason = ""};
}

// Not the message's fault, so it is never given up for this. If it takes a person too long, the
// channel will refuse it by its own rules (as WhatsApp does after 24 hours).
static decision_t decide_stopped(const act_channel_verdict_t *verdict,
                                 const circumstances_t *circumstances)
{
    (void)verdict;
    return (decision_t){
        .outcome = OUTCOME_RETRY,
        .retry_after_ms = with_jitter(STOP_MS, circumstances->random),
        .pause_ms = STOP_MS,
        .is_stopped = true,
        .reason = "",
    };
}

static decision_t decide_unknown(const act_channel_verdict_t *verdict,
                                 const circumstances_t *circumstances)
{
    (void)verdict;
    return (decision_t){.outcome = OUTCOME_RETRY,
                        .retry_after_ms = circumstances->reconcile_ms,
                        .is_unknown = true,
                        .reason = "outcome unknown"};
}

decision_t decide(const act_channel_verdict_t *verdict, const circumstances_t *circumstances)
{
    static decision_t (*const deciders[])(const act_channel_verdict_t *,
                                          const circumstances_t *) = {
        [ACT_CHANNEL_SENT] = decide_sent,       [ACT_CHANNEL_RETRY] = decide_retry,
        [ACT_CHANNEL_REFUSED] = decide_refused, [ACT_CHANNEL_STOPPED] = decide_stopped,
        [ACT_CHANNEL_UNKNOWN] = decide_unknown,
    };
    return deciders[verdict->outcome](verdict, circumstances);
}

static void add_part(act_buf_t *out, act_str_t part)
{
    if (act_str_empty(part))
        return;
    if (out->len_bytes > 0)
        act_buf_add_str(out, ACT_STR("; "));
    act_buf_add_str(out, part);
}

act_str_t decision_text(const decision_t *self, const act_channel_verdict_t *verdict,
                        act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, 8 * TEXT_MAX_BYTES);
    add_part(&out, act_str(self->reason));
    add_part(&out, verdict->text);
    add_part(&out, act_str(verdict->advice));
    // A code point has four bytes at most, so a quarter as many always fit.
    act_str_t text = act_buf_str(&out);
    if (text.len_bytes > TEXT_MAX_BYTES)
        text = act_utf8_prefix(text, TEXT_MAX_BYTES / 4);
    text = act_arena_str(arena, text);
    act_buf_fini(&out);
    return text;
}
