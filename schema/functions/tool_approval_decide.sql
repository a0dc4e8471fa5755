-- A person has decided, once. The watchdog wakes the turn that waits (watch_turns).
create or replace function tool_approval_decide(
    p_id uuid, p_of_tenant text, p_decision text, p_actor text, p_note text,
    out of_tenant text, out conversation_id text, out tool text, out state text)
language plpgsql as $$
begin
    update tool_approvals a
       set state = p_decision, decided_at = now(), decided_by = p_actor, note = p_note
     where a.approval_id = p_id and (p_of_tenant = '' or a.tenant_id = p_of_tenant)
       and a.state = 'pending' and a.expires_at > now()
       and p_decision in ('approved', 'denied')
    returning a.tenant_id, a.conversation_id::text, a.tool, a.state
      into of_tenant, conversation_id, tool, state;
    if found then
        perform tool_approval_settle_alert(of_tenant, conversation_id::uuid);
    end if;
end
$$;
