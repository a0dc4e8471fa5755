// schema_kit: requests with what a test does not care about filled in.
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

const appended_message_t *schema_append(test_db_t *db, act_str_t tenant, inbound_message_t message)
{
    const append_inbound_reply_t *reply = NULL;
    inbound_content_t content = {.text = ACT_STR("hello")};
    message.content = message.content ? message.content : &content;
    message.type = act_str_empty(message.type) ? ACT_STR("text") : message.type;
    message.external_id =
        act_str_empty(message.external_id) ? test_db_uuid(db) : message.external_id;
    DO(db, tenant, APPEND_INBOUND, append_inbound_request, append_inbound_reply, &reply,
       .channel = ACT_STR("whatsapp"), .channel_account_id = ACT_STR("account"),
       .messages = {&message, 1});
    assert_int_equal(reply->messages.count, 1);
    return &reply->messages.items[0];
}

act_str_t schema_say(test_db_t *db, act_str_t tenant, const char *address)
{
    return schema_append(db, tenant,
                         (inbound_message_t){.address = act_str(address), .starts_turn = true})
        ->conversation_id;
}

const turn_begin_reply_t *schema_begin(test_db_t *db, act_str_t tenant, act_str_t conversation,
                                       const char *holder)
{
    const turn_begin_reply_t *reply = NULL;
    DO(db, tenant, TURN_BEGIN, turn_begin_request, turn_begin_reply, &reply,
       .conversation_id = conversation, .holder = act_str(holder), .lease_ms = 30000);
    return reply;
}

const turn_commit_reply_t *schema_commit(test_db_t *db, act_str_t tenant, act_str_t conversation,
                                         const turn_begin_reply_t *turn, schema_commit_t opts)
{
    const turn_commit_reply_t *reply = NULL;
    outbound_content_t content = {.type = ACT_STR("text"), .text = ACT_STR("good day")};
    outbox_entry_t answers[4];
    for (uint32_t i = 0; i < opts.answers_count; i++)
        answers[i] = (outbox_entry_t){.outbox_id = test_db_uuid(db), .content = &content};
    int64_t seqs[256];
    for (uint32_t i = 0; i < turn->pending.count; i++)
        seqs[i] = turn->pending.items[i].inbox_seq;
    DO(db, tenant, TURN_COMMIT, turn_commit_request, turn_commit_reply, &reply,
       .conversation_id = conversation, .fence = opts.fence ? opts.fence : turn->fence,
       .turn_id = act_str_empty(opts.turn_id) ? turn->turn_id : opts.turn_id,
       .session_id = act_str_empty(opts.session_id) ? ACT_STR("session") : opts.session_id,
       .path = ACT_STR("flow:greeting"), .flow_state = act_str(opts.flow_state),
       .inbox_seqs = {seqs, turn->pending.count}, .language = ACT_STR("de"),
       .text = ACT_STR("hello"), .decision = act_str(opts.decision ? opts.decision : "RESPOND"),
       .handoff_reason = ACT_STR("asked for a person"), .outbox = {answers, opts.answers_count},
       .owner_fence = turn->owner_fence, .is_final = !opts.may_be_stale,
       .journal = act_str(opts.journal), .duration_ms = 1000);
    return reply;
}

act_str_t schema_talk(test_db_t *db, act_str_t tenant, const char *address, uint32_t answers_count)
{
    act_str_t conversation = schema_say(db, tenant, address);
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    assert_true(turn->is_granted);
    assert_true(schema_commit(db, tenant, conversation, turn,
                              (schema_commit_t){.answers_count = answers_count})
                    ->was_committed);
    return conversation;
}

act_str_t schema_intend(test_db_t *db, const outbox_claim_t *claim, const char *holder)
{
    const put_intents_reply_t *reply = NULL;
    send_intent_t intent = {.of_tenant = claim->tenant,
                            .conversation_id = claim->conversation_id,
                            .outbox_id = claim->outbox_id,
                            .attempt = claim->attempt};
    DO(db, ACT_STR(""), PUT_INTENTS, put_intents_request, put_intents_reply, &reply,
       .holder = act_str(holder), .intents = {&intent, 1});
    assert_int_equal(reply->intents.count, 1);
    assert_true(act_str_eq(reply->intents.items[0].outbox_id, claim->outbox_id));
    return reply->intents.items[0].verdict;
}

const outbox_claim_t *schema_claim(test_db_t *db, act_str_t conversation, uint32_t claim_ms)
{
    const outbox_claim_t *claim = schema_look(db, conversation, claim_ms);
    if (claim)
        assert_true(act_str_is(schema_intend(db, claim, "d1"), "send"));
    return claim;
}

const outbox_claim_t *schema_look(test_db_t *db, act_str_t conversation, uint32_t claim_ms)
{
    const claim_outbox_reply_t *reply = NULL;
    const outbox_claim_t *found = NULL;
    do {
        DO(db, ACT_STR(""), CLAIM_OUTBOX, claim_outbox_request, claim_outbox_reply, &reply,
           .holder = ACT_STR("d1"), .max_rows = 100, .claim_ms = claim_ms);
        for (uint32_t i = 0; i < reply->claims.count; i++)
            if (act_str_eq(reply->claims.items[i].conversation_id, conversation))
                found = &reply->claims.items[i];
    } while (!found && reply->next_due_ms == 1);
    return found;
}

const recorded_send_t *schema_record(test_db_t *db, act_str_t tenant, const outbox_claim_t *claim,
                                     const char *outcome, act_str_t provider_id)
{
    const record_sends_reply_t *reply = NULL;
    send_result_t result = {.outbox_id = claim->outbox_id,
                            .attempt = claim->attempt,
                            .outcome = act_str(outcome),
                            .provider_id = provider_id};
    DO(db, tenant, RECORD_SENDS, record_sends_request, record_sends_reply, &reply,
       .results = {&result, 1});
    assert_int_equal(reply->results.count, 1);
    return &reply->results.items[0];
}

const applied_status_t *schema_apply(test_db_t *db, act_str_t tenant, delivery_status_t status)
{
    const apply_statuses_reply_t *reply = NULL;
    DO(db, tenant, APPLY_STATUSES, apply_statuses_request, apply_statuses_reply, &reply,
       .channel = ACT_STR("whatsapp"), .statuses = {&status, 1});
    assert_int_equal(reply->statuses.count, 1);
    return &reply->statuses.items[0];
}

act_str_t schema_state_of(test_db_t *db, act_str_t outbox_id)
{
    char sql[200];
    snprintf(sql, sizeof sql, "select state from outbox where outbox_id = '%" ACT_STR_FMT "'",
             ACT_STR_ARG(outbox_id));
    return test_db_admin(db, sql);
}
