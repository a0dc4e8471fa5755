-- Turns that waited for a person's approval and have it (or have a no, or no answer in time): their
-- messages are pending again, without an alert. Nothing happens to a conversation somebody works on now.
-- Most have been woken already when the person decided (tool_approval_decide).
create or replace function watch_approvals(p_max_rows bigint)
returns table (tenant text, conversation_id text) language plpgsql as $$
declare
    r record;
begin
    for r in
        update tool_approvals a set state = 'expired', decided_at = now()
         where not a.is_woken and a.state = 'pending' and a.expires_at <= now()
        returning a.tenant_id, a.conversation_id
    loop
        perform tool_approval_settle_alert(r.tenant_id, r.conversation_id);
    end loop;
    -- Of a turn that was replaced, or of messages that are gone: nobody waits.
    update tool_approvals a set is_woken = true
     where not a.is_woken and a.decided_at < now() - interval '1 hour';
    for r in
        select c.tenant_id, c.conversation_id, t.turn_id
          from tool_approvals a
          join turns t on t.tenant_id = a.tenant_id and t.conversation_id = a.conversation_id
                      and t.turn_id = a.turn_id and t.superseded_at is null
          join conversations c on c.tenant_id = a.tenant_id and c.conversation_id = a.conversation_id
         where not a.is_woken and a.state <> 'pending' and c.lease_holder = '' and c.turn_id is null
           and not exists (select from tool_approvals o
                            where o.tenant_id = a.tenant_id and o.turn_id = a.turn_id
                              and o.state = 'pending')
         limit p_max_rows
           for no key update of c skip locked
    loop
        perform tool_approval_wake(r.tenant_id, r.conversation_id, r.turn_id);
        tenant := r.tenant_id;
        conversation_id := r.conversation_id::text;
        return next;
    end loop;
end
$$;
