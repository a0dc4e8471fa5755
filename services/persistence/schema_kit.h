// schema_kit: short names for the calls that tests of the schema make (schema_*test.c), through the real
// table and a real database (test_db.h). Each fails the test when its call fails; replies live as long as
// the fixture.
#pragma once
#include "proto/persistence.h"
#include "proto/persistence_service.h"
#include "test_db.h"

// An rpc by its place in the table; the rest are the fields of the request.
#define CALL(db, tenant, PLACE, request_type, reply_type, ret_reply, ...)                          \
    test_db_call((db), (tenant), PERSISTENCE_##PLACE, &request_type##_model,                       \
                 &(request_type##_t){__VA_ARGS__}, &reply_type##_model,                            \
                 (const void **)(ret_reply))
#define DO(db, tenant, PLACE, request_type, reply_type, ret_reply, ...)                            \
    assert_int_equal(CALL(db, tenant, PLACE, request_type, reply_type, ret_reply, __VA_ARGS__),    \
                     ACT_E_OK)

#define CHECK_STR(a, b)                                                                            \
    assert_string_equal(test_db_text(db, "%" ACT_STR_FMT, ACT_STR_ARG(a)).ptr, (b))

// One message of a customer; type, content and external_id are made up when they are empty.
const appended_message_t *schema_append(test_db_t *db, act_str_t tenant, inbound_message_t message);
// The same, "hello"; returns the conversation.
act_str_t schema_say(test_db_t *db, act_str_t tenant, const char *address);

const turn_begin_reply_t *schema_begin(test_db_t *db, act_str_t tenant, act_str_t conversation,
                                       const char *holder);

typedef struct {
    act_str_t turn_id; // empty: of the turn
    const char *decision;
    uint32_t answers_count;
    int64_t fence; // 0: of the turn
    bool may_be_stale;
    const char *journal; // bytes of it
    const char *flow_state;
    act_str_t session_id; // empty: "session"
} schema_commit_t;

// Ends the turn with everything that was pending.
const turn_commit_reply_t *schema_commit(test_db_t *db, act_str_t tenant, act_str_t conversation,
                                         const turn_begin_reply_t *turn, schema_commit_t opts);
// A customer writes and gets that many answers into the outbox.
act_str_t schema_talk(test_db_t *db, act_str_t tenant, const char *address, uint32_t answers_count);

// Claims everything that is due, and returns the claim of this conversation, if any; its send is
// intended, too.
const outbox_claim_t *schema_claim(test_db_t *db, act_str_t conversation, uint32_t claim_ms);
// The verdict on sending it.
act_str_t schema_intend(test_db_t *db, const outbox_claim_t *claim, const char *holder);
// Only claims.
const outbox_claim_t *schema_look(test_db_t *db, act_str_t conversation, uint32_t claim_ms);
const recorded_send_t *schema_record(test_db_t *db, act_str_t tenant, const outbox_claim_t *claim,
                                     const char *outcome, act_str_t provider_id);
const applied_status_t *schema_apply(test_db_t *db, act_str_t tenant, delivery_status_t status);
// Of an outbox row, as the table has it.
act_str_t schema_state_of(test_db_t *db, act_str_t outbox_id);
