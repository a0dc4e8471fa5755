// schema_instances_test: who is alive, and what becomes of the leases and claims of those who are not (D7, I6).
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const beat_instance_reply_t *beat(test_db_t *db, const char *instance, act_str_t holder,
                                         const char *service)
{
    const beat_instance_reply_t *reply = NULL;
    DO(db, ACT_STR(""), BEAT_INSTANCE, beat_instance_request, beat_instance_reply, &reply,
       .instance = act_str(instance), .holder = holder, .service = act_str(service), .pid = 7,
       .alive_ms = 60000, .claim_delay_ms = 5000);
    return reply;
}

static void end(test_db_t *db, const char *instance, int64_t pid, bool is_dead)
{
    DO(db, ACT_STR(""), END_INSTANCE, end_instance_request, empty, NULL,
       .instance = act_str(instance), .pid = pid, .is_dead = is_dead);
}

// A name that no other run of this test has used.
static const char *name_of(test_db_t *db, const char *what)
{
    act_str_t id = test_db_uuid(db);
    return test_db_text(db, "%s-%" ACT_STR_FMT, what, ACT_STR_ARG(id)).ptr;
}

static void expire(test_db_t *db, const char *instance)
{
    (void)test_db_admin(db, test_db_text(db,
                                         "update instances set expires_at = now() - interval '1 s' "
                                         "where instance = '%s'",
                                         instance)
                                .ptr);
}

static const turn_begin_reply_t *begin(test_db_t *db, act_str_t tenant, act_str_t conversation,
                                       act_str_t holder)
{
    return schema_begin(db, tenant, conversation,
                        test_db_text(db, "%" ACT_STR_FMT, ACT_STR_ARG(holder)).ptr);
}

static bool begins(test_db_t *db, act_str_t tenant, act_str_t conversation, act_str_t holder)
{
    return begin(db, tenant, conversation, holder)->is_granted;
}

static void a_name_is_for_one_life(void **state)
{
    test_db_t *db = *state;
    const char *instance = name_of(db, "north/session");
    act_str_t first = beat(db, instance, ACT_STR(""), "session")->holder;
    assert_true(act_str_starts_with(first, instance));
    assert_true(act_str_eq(beat(db, instance, first, "session")->holder, first));
    act_str_t second = beat(db, instance, ACT_STR(""), "session")->holder; // a new process
    assert_false(act_str_eq(second, first));
    assert_false(act_str_eq(beat(db, instance, first, "session")->holder, first));
    end(db, instance, 7, /* is_dead= */ false);
    act_str_t third = beat(db, instance, second, "session")->holder; // it was taken for dead
    assert_false(act_str_eq(third, second));
    end(db, instance, 8, /* is_dead= */ true); // a successor of somebody else
    assert_true(act_str_eq(beat(db, instance, third, "session")->holder, third));
    end(db, instance, 7, /* is_dead= */ true);
}

static void a_lease_ends_with_its_holder(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const char *instance = name_of(db, "north/session");
    const char *other = name_of(db, "south/session");
    act_str_t holder = beat(db, instance, ACT_STR(""), "session")->holder;
    act_str_t rescuer = beat(db, other, ACT_STR(""), "session")->holder;
    const turn_begin_reply_t *turn = begin(db, tenant, conversation, holder);
    assert_true(turn->is_granted);
    assert_false(begins(db, tenant, conversation, rescuer));
    end(db, instance, 7, /* is_dead= */ false);
    assert_true(begins(db, tenant, conversation, rescuer));
    // Whoever was taken for dead commits nothing, though it lives.
    assert_false(
        schema_commit(db, tenant, conversation, turn, (schema_commit_t){.answers_count = 1})
            ->was_committed);
    // The same by time, for a cell that nobody reports.
    expire(db, other);
    act_str_t late = beat(db, instance, holder, "session")->holder;
    assert_true(begins(db, tenant, conversation, late));
    end(db, instance, 7, /* is_dead= */ true);
    end(db, other, 7, /* is_dead= */ true);
}

// How many seconds from now the claim of this conversation runs out.
static int due_in_s(test_db_t *db, act_str_t conversation)
{
    act_str_t text = test_db_admin(
        db, test_db_text(db,
                         "select round(extract(epoch from due_at - now()))::text from outbox_queue "
                         "where conversation_id = '%" ACT_STR_FMT "'",
                         ACT_STR_ARG(conversation))
                .ptr);
    return atoi(text.ptr);
}

static const outbox_claim_t *look(test_db_t *db, act_str_t holder, act_str_t conversation)
{
    const claim_outbox_reply_t *reply = NULL;
    const outbox_claim_t *found = NULL;
    do {
        DO(db, ACT_STR(""), CLAIM_OUTBOX, claim_outbox_request, claim_outbox_reply, &reply,
           .holder = holder, .max_rows = 100, .claim_ms = 60000);
        for (uint32_t i = 0; i < reply->claims.count; i++)
            if (act_str_eq(reply->claims.items[i].conversation_id, conversation))
                found = &reply->claims.items[i];
    } while (!found && reply->next_due_ms == 1);
    return found;
}

// And is about to send it.
static bool claims(test_db_t *db, act_str_t holder, act_str_t conversation)
{
    const outbox_claim_t *claim = look(db, holder, conversation);
    const char *name = test_db_text(db, "%" ACT_STR_FMT, ACT_STR_ARG(holder)).ptr;
    return claim && act_str_is(schema_intend(db, claim, name), "send");
}

static void claims_of_the_dead_are_released_those_of_the_silent_run_out(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 1);
    const char *instance = name_of(db, "north/delivery");
    const char *other = name_of(db, "south/delivery");
    act_str_t holder = beat(db, instance, ACT_STR(""), "delivery")->holder;
    assert_true(claims(db, holder, conversation));
    assert_in_range(due_in_s(db, conversation), 50, 60);
    end(db, instance, 7, /* is_dead= */ false);
    assert_in_range(due_in_s(db, conversation), 50, 60);
    assert_false(claims(db, holder, conversation)); // it has no name
    act_str_t second = schema_talk(db, tenant, "492", 1);
    assert_false(claims(db, holder, second));
    holder = beat(db, instance, holder, "delivery")->holder;
    assert_true(claims(db, holder, second));
    end(db, instance, 7, /* is_dead= */ true);
    assert_in_range(due_in_s(db, second), 3, 5);
    assert_in_range(due_in_s(db, conversation), 40, 60); // of its earlier name

    // What it looked at without asking the channel is due at once.
    holder = beat(db, instance, ACT_STR(""), "delivery")->holder;
    act_str_t unasked = schema_talk(db, tenant, "494", 1);
    assert_non_null(look(db, holder, unasked));
    end(db, instance, 7, /* is_dead= */ true);
    assert_int_equal(due_in_s(db, unasked), 0);

    // A cell that nobody reports is buried by the first who was heard in time himself.
    act_str_t third = schema_talk(db, tenant, "493", 1);
    holder = beat(db, instance, ACT_STR(""), "delivery")->holder;
    act_str_t living = beat(db, other, ACT_STR(""), "delivery")->holder;
    assert_true(claims(db, holder, third));
    expire(db, instance);
    expire(db, other);
    living = beat(db, other, living, "delivery")->holder;
    assert_in_range(due_in_s(db, third), 50, 60); // the database was away
    (void)beat(db, other, living, "delivery");
    assert_in_range(due_in_s(db, third), 3, 5);
    assert_false(act_str_eq(beat(db, instance, holder, "delivery")->holder, holder));
    end(db, instance, 7, /* is_dead= */ true);
    end(db, other, 7, /* is_dead= */ true);
}

static bool sweeps(test_db_t *db, act_str_t holder, uint32_t min_age_ms, act_str_t conversation)
{
    const sweep_inbox_reply_t *reply = NULL;
    DO(db, ACT_STR(""), SWEEP_INBOX, sweep_inbox_request, sweep_inbox_reply, &reply,
       .max_rows = 10000, .min_age_ms = min_age_ms, .holder = holder);
    for (uint32_t i = 0; i < reply->conversations.count; i++)
        if (act_str_eq(reply->conversations.items[i].conversation_id, conversation))
            return true;
    return false;
}

static void the_sweep_is_shared_and_rescues_at_once(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const char *names[] = {name_of(db, "north/session"), name_of(db, "south/session"),
                           name_of(db, "west/session")};
    act_str_t holders[3];
    for (int i = 0; i < 3; i++)
        holders[i] = beat(db, names[i], ACT_STR(""), "session")->holder;
    assert_true(beat(db, names[0], holders[0], "session")->peers_count >= 3);
    assert_false(sweeps(db, holders[0], 60000, conversation)); // too young
    assert_true(begins(db, tenant, conversation, holders[2]));
    end(db, names[2], 7, /* is_dead= */ true);
    // However young: one of those who live takes it, and only one.
    int count = 0;
    for (int i = 0; i < 2; i++)
        count += sweeps(db, holders[i], 60000, conversation);
    assert_int_equal(count, 1);
    // What waits for long is everybody's.
    for (int i = 0; i < 2; i++)
        assert_true(sweeps(db, holders[i], 0, conversation));
    for (int i = 0; i < 2; i++)
        end(db, names[i], 7, /* is_dead= */ true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_for_one_life),
        cmocka_unit_test(a_lease_ends_with_its_holder),
        cmocka_unit_test(claims_of_the_dead_are_released_those_of_the_silent_run_out),
        cmocka_unit_test(the_sweep_is_shared_and_rescues_at_once),
    };
    return cmocka_run_group_tests_name("schema_instances", tests, test_db_set_up,
                                       test_db_tear_down);
}
