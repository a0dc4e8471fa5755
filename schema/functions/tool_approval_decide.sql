-- A person has decided, once. The turn that waits goes on now, when nobody works on the conversation and
-- nothing else of it waits; else when the watchdog sees it (watch_approvals).
create or replace function tool_approval_decide(
    p_id uuid, p_of_tenant text, p_decision text, p_actor text, p_note text,
    out of_tenant text, out conversation_id text, out tool text, out state text)
language plpgsql as $$
declare
    v_turn uuid;
begin
    update tool_approvals a
       set state = p_decision, decided_at = now(), decided_by = p_actor, note = p_note
     where a.approval_id = p_id and (p_of_tenant = '' or a.tenant_id = p_of_tenant)
       and a.state = 'pending' and a.expires_at > now()
       and p_decision in ('approved', 'denied')
    returning a.tenant_id, a.conversation_id::text, a.tool, a.state, a.turn_id
      into of_tenant, conversation_id, tool, state, v_turn;
    if not found then
        return;
    end if;
    perform tool_approval_settle_alert(of_tenant, conversation_id::uuid);
    perform from conversations c
       join turns t on t.tenant_id = c.tenant_id and t.conversation_id = c.conversation_id
                   and t.turn_id = v_turn and t.superseded_at is null
      where c.tenant_id = of_tenant and c.conversation_id = tool_approval_decide.conversation_id::uuid
        and c.lease_holder = '' and c.turn_id is null
        and not exists (select from tool_approvals o
                         where o.tenant_id = c.tenant_id and o.turn_id = v_turn and o.state = 'pending')
        for no key update of c skip locked;
    if found then
        perform tool_approval_wake(of_tenant, conversation_id::uuid, v_turn);
        perform hint_send('session', of_tenant, conversation_id::uuid);
    end if;
end
$$;
