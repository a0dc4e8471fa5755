-- Takes what a contact said out of what is kept of calls of tools: arguments and results of all their
-- conversations. That a tool was called, when, and what came of it stays. What was asked of a person is
-- withdrawn: nothing is called with arguments that are gone.
create or replace function tools_erase(p_tenant text, p_contact uuid)
returns integer language plpgsql as $$
declare
    v_count integer;
begin
    update tool_executions e set arguments = '', result = ''
      from conversations k
     where k.tenant_id collate "POSIX" = p_tenant and k.contact_id = p_contact
       and e.tenant_id collate "POSIX" = p_tenant and e.conversation_id = k.conversation_id
       and (e.arguments <> '' or e.result <> '');
    get diagnostics v_count = row_count;
    update tool_approvals a
       set arguments = '', shown_arguments = '', note = '', result = null,
           state = case when a.state in ('denied', 'expired') then a.state else 'withdrawn' end,
           is_woken = true, decided_at = coalesce(a.decided_at, now())
      from conversations k
     where k.tenant_id collate "POSIX" = p_tenant and k.contact_id = p_contact
       and a.tenant_id = p_tenant and a.conversation_id = k.conversation_id;
    perform tool_approval_settle_alert(p_tenant, k.conversation_id) from conversations k
      where k.tenant_id collate "POSIX" = p_tenant and k.contact_id = p_contact;
    delete from tool_usage u
     where u.tenant_id = p_tenant and u.contact_id = p_contact::text
       and u.day < (now() at time zone 'UTC')::date; -- today's limits still hold
    return v_count;
end
$$;
