// broker: calls that repeat one with the same idempotency key.
#include "broker_private.h"

// Outcomes that would be the same another time.
static bool is_final(const act_header_t *answer)
{
    return answer->kind == ACT_KIND_REPLY ||
           !act_err_is_retryable(act_err_from_number(answer->err));
}

bool broker_follow(broker_t *self, entry_t *entry)
{
    outcome_t *outcome = outcomes_find(self->outcomes, &entry->header, broker_now_ms(self));
    if (!outcome) {
        entry->outcome = outcomes_lead(self->outcomes, entry);
        return false;
    }
    self->counters.repeated++;
    if (outcome->body) {
        act_header_t answer = {
            .kind = outcome->kind, .err = outcome->err, .trace = entry->header.trace};
        broker_close_answered(self, entry, &answer, outcome->body);
        return true;
    }
    entry->outcome = outcome;
    entry->state = ENTRY_FOLLOWING;
    entry_list_push(&outcome->followers, entry);
    service_count_in(entry->service, entry);
    return true;
}

// The oldest follower, in no list any more.
static entry_t *take_follower(broker_t *self, outcome_t *outcome)
{
    entry_t *follower = outcome->followers.first;
    if (!follower)
        return NULL;
    broker_detach(self, follower);
    follower->outcome = NULL;
    return follower;
}

void broker_finish_outcome(broker_t *self, entry_t *leader, const act_header_t *answer,
                           payload_t *body)
{
    outcome_t *outcome = leader->outcome;
    leader->outcome = NULL;
    for (entry_t *follower = take_follower(self, outcome); follower;
         follower = take_follower(self, outcome))
        broker_close_answered(self, follower, answer, body);
    if (is_final(answer) && body->bytes.len_bytes <= BROKER_OUTCOME_MAX_BYTES)
        outcomes_finish(self->outcomes, outcome, answer, body, broker_now_ms(self));
    else
        outcomes_forget(self->outcomes, outcome);
}

void broker_fail_followers(broker_t *self, outcome_t *outcome, act_err_t err)
{
    for (entry_t *follower = take_follower(self, outcome); follower;
         follower = take_follower(self, outcome))
        broker_close_failed(self, follower, err, NULL);
}

void broker_lead_next(broker_t *self, outcome_t *outcome)
{
    uint8_t attempt = outcome->leader->header.attempt;
    bool has_run = outcome->leader->causes_count > 0 || outcome->leader->state >= ENTRY_IN_FLIGHT;
    entry_t *follower = take_follower(self, outcome);
    outcome->leader->outcome = NULL;
    outcome->leader = follower;
    if (!follower) {
        outcomes_forget(self->outcomes, outcome);
        return;
    }
    follower->outcome = outcome;
    follower->header.attempt = (uint8_t)(attempt + (has_run && attempt < UINT8_MAX));
    broker_begin(self, follower);
}
