-- Nobody has to be asked any more: the alert of this conversation ends when none of its approvals is open.
create or replace function tool_approval_settle_alert(p_tenant text, p_conversation uuid)
returns void language sql as $$
    update system_alerts a set resolved_at = now(), resolved_by = 'decided'
     where a.tenant_id = p_tenant and a.conversation_id = p_conversation and a.kind = 'approval'
       and a.resolved_at is null
       and not exists (select from tool_approvals p
                        where p.tenant_id = p_tenant and p.conversation_id = p_conversation
                          and p.state = 'pending')
$$;
