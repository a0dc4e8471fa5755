-- The watchdog, over all tenants, by the clock of the database: customers that wait longer for an answer
-- than their tenant allows raise an alert and are returned, to be woken; who was answered meanwhile is
-- resolved. Waits that ran out are over: their messages are pending again, and a person is told; the same
-- without an alert where a person has decided (watch_approvals).
-- Returns a row for each, and at last one without conversation that has the count of the unanswered.
create or replace function watch_turns(p_max_rows bigint)
returns table (tenant text, conversation_id text, unanswered_count bigint)
language plpgsql as $$
declare
    r record;
begin
    update system_alerts a set resolved_at = now(), resolved_by = 'answered'
     where a.resolved_at is null and a.kind = 'unanswered'
       and not exists (select from inbox i
                        where i.tenant_id = a.tenant_id and i.conversation_id = a.conversation_id
                          and i.turn_id is null and i.starts_turn
                          and i.received_at <= a.created_at);
    for r in
        update conversations c set wait_until = null
         where (c.tenant_id, c.conversation_id) in (
               select k.tenant_id, k.conversation_id from conversations k
                where k.wait_until <= now() and k.lease_holder = ''
                order by k.wait_until limit p_max_rows for no key update skip locked)
        returning c.tenant_id, c.conversation_id, c.wait_turn_id, c.wait_for
    loop
        update turns t set superseded_at = now()
         where t.tenant_id = r.tenant_id and t.conversation_id = r.conversation_id
           and t.turn_id = r.wait_turn_id;
        update inbox i set turn_id = null
         where i.tenant_id = r.tenant_id and i.conversation_id = r.conversation_id
           and i.turn_id = r.wait_turn_id;
        perform alert_raise(r.tenant_id, r.conversation_id, 'wait_over',
                            'waited for: ' || r.wait_for);
        tenant := r.tenant_id;
        conversation_id := r.conversation_id::text;
        return next;
    end loop;
    for tenant, conversation_id in select a.tenant, a.conversation_id from watch_approvals(p_max_rows) a
    loop
        return next;
    end loop;
    unanswered_count := 0;
    for r in
        select w.tenant_id, w.conversation_id, w.since
          from (select i.tenant_id, i.conversation_id, min(i.received_at) as since
                  from inbox i
                 where i.turn_id is null and i.starts_turn
                   and i.received_at < now() - interval '1 second'
                 group by i.tenant_id, i.conversation_id) w
          left join tenants t on t.tenant_id = w.tenant_id
         where w.since < now() - coalesce(t.answer_ms, 60000) * interval '1 ms'
         order by w.since
    loop
        unanswered_count := unanswered_count + 1;
        continue when unanswered_count > p_max_rows;
        perform alert_raise(r.tenant_id, r.conversation_id, 'unanswered',
                            'since ' || to_char(r.since at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC')
          where not exists (select from system_alerts a
                             where a.tenant_id = r.tenant_id and a.kind = 'unanswered'
                               and a.conversation_id = r.conversation_id
                               and a.resolved_at is null);
        tenant := r.tenant_id;
        conversation_id := r.conversation_id::text;
        return next;
    end loop;
    tenant := null;
    conversation_id := null;
    return next;
end
$$;
