// schema_states_test: the state of an outgoing message depends on what was said of it, not on the order
// (I7, R-26).
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

// PARLEY_EVENTS=100000 is R-26 in full.
#define EVENTS_DEFAULT_COUNT "10000"

static void the_later_state_does_not_depend_on_the_order(void **state)
{
    test_db_t *db = *state;
    CHECK_STR(
        test_db_admin(
            db,
            "with s(s) as (select unnest("
            "'{queued,sending,merged,refused,parked,sent,failed,delivered,read}'::text[]))"
            "select count(*) || ' of ' || (select count(*) from s, s b, s c) from s a, s b, s c "
            "where furthest_state(a.s, b.s) = furthest_state(b.s, a.s) "
            "and furthest_state(a.s, furthest_state(b.s, c.s)) "
            "  = furthest_state(furthest_state(a.s, b.s), c.s) "
            "and furthest_state(a.s, a.s) = a.s and furthest_state(a.s, '') = a.s "
            "and furthest_state(a.s, null) = a.s"),
        "729 of 729");
}

// Each message gets its result and four statuses, some by our id, some by the provider's, some twice; the
// same events are applied once in order and once in any order over all messages.
static const char shuffle[] =
    "do $$ declare\n"
    "  v_tenant text := '%s'; v_n integer := %s / 5; v_run text; e record;\n"
    "begin\n"
    "  for v_run in select unnest('{ordered,shuffled}'::text[]) loop\n"
    "    insert into outbox (tenant_id, outbox_id, conversation_id, seq, channel,\n"
    "        channel_account_id, owner_fence, state, attempt, content)\n"
    "    select v_tenant, md5(v_tenant || v_run || i)::uuid, md5(v_tenant || v_run)::uuid, i,\n"
    "           'whatsapp', 'a', 0, 'sending', 1, '{}' from generate_series(1, v_n) i;\n"
    "    for e in\n"
    "      select i, k, v_run || i || v_tenant as pid, md5(v_tenant || v_run || i)::uuid as id,\n"
    "             (i * 7 + k) %% 3 = 0 as by_our_id, (i + k) %% 11 = 0 as is_twice\n"
    "        from generate_series(1, v_n) i, generate_series(0, 4) k\n"
    "       order by case when v_run = 'ordered' then i * 10 + k\n"
    "                     else hashint8(i * 31 + k * 7919 + 17) end\n"
    "    loop\n"
    "      for repeat in 0 .. e.is_twice::integer loop\n"
    "        if e.k = 0 then\n"
    "          perform record_send_outcome(v_tenant, e.id, 1, 'sent', e.pid, 0, 0, '', false, '', '');\n"
    "        elsif e.k <= 1 + e.i %% 4 then\n"
    "          perform apply_status(v_tenant, 'whatsapp', e.pid,\n"
    "            (array['sent', case when e.i %% 5 = 0 then 'failed' else 'delivered' end,\n"
    "                   case when e.i %% 3 = 0 then 'delivered' else 'read' end, 'played'])[e.k],\n"
    "            1790000000000 + e.k, case when e.by_our_id then e.id::text else '' end, 0, '');\n"
    "        end if;\n"
    "      end loop;\n"
    "    end loop;\n"
    "  end loop;\n"
    "end $$";

#define COMPARE                                                                                    \
    "select count(*) || ' differ, ' || count(distinct a.state) || ' states' from outbox a "        \
    "join outbox b on b.tenant_id = a.tenant_id and b.seq = a.seq and b.conversation_id = "        \
    "md5(a.tenant_id || 'shuffled')::uuid where a.tenant_id = '%s' and a.conversation_id = "       \
    "md5(a.tenant_id || 'ordered')::uuid and %s"

static void shuffled_events_end_where_ordered_ones_do(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    const char *count = getenv("PARLEY_EVENTS") ? getenv("PARLEY_EVENTS") : EVENTS_DEFAULT_COUNT;
    const char *name = test_db_text(db, "%" ACT_STR_FMT, ACT_STR_ARG(tenant)).ptr;
    (void)test_db_admin(db, test_db_text(db, shuffle, name, count).ptr);
    CHECK_STR(test_db_admin(db, test_db_text(db, COMPARE, name, "a.state <> b.state").ptr),
              "0 differ, 0 states");
    CHECK_STR(test_db_admin(db, test_db_text(db, COMPARE, name, "a.seq <= 100").ptr),
              "100 differ, 4 states"); // it compares something: sent, failed, delivered, read
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_later_state_does_not_depend_on_the_order),
        cmocka_unit_test(shuffled_events_end_where_ordered_ones_do),
    };
    return cmocka_run_group_tests_name("schema_states", tests, test_db_set_up, test_db_tear_down);
}
