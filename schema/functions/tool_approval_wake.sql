-- The messages of a turn that waited for a person are pending again. The conversation is locked, and nobody
-- works on it.
create or replace function tool_approval_wake(p_tenant text, p_conversation uuid, p_turn uuid)
returns void language plpgsql as $$
begin
    update tool_approvals a set is_woken = true
     where a.tenant_id = p_tenant and a.conversation_id = p_conversation and a.turn_id = p_turn;
    update turns t set superseded_at = now()
     where t.tenant_id = p_tenant and t.conversation_id = p_conversation and t.turn_id = p_turn;
    update inbox i set turn_id = null
     where i.tenant_id = p_tenant and i.conversation_id = p_conversation and i.turn_id = p_turn;
    update conversations k set wait_turn_id = null, wait_until = null, wait_for = ''
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation and k.wait_turn_id = p_turn;
end
$$;
