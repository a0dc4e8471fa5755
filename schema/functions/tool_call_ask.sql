-- A call that a person has to approve: kept, and the business is told. The same step again is the same
-- approval. refused_by: too many of this conversation wait already.
create or replace function tool_call_ask(
    p_tenant text, p_conversation uuid, p_turn uuid, p_step text, p_tool text, p_arguments text,
    p_shown text, p_card_hash text, p_reason text, p_ttl_ms bigint,
    out approval_id text, out refused_by text)
language plpgsql as $$
declare
    c conversations;
begin
    refused_by := '';
    select a.approval_id::text into approval_id from tool_approvals a
     where a.tenant_id = p_tenant and a.turn_id = p_turn and a.step_key = p_step
       for update;
    if found then
        return;
    end if;
    select * into c from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation;
    if (select count(*) from tool_approvals a
         where a.tenant_id = p_tenant and a.conversation_id = p_conversation
           and a.state = 'pending') >= 4 then
        refused_by := 'approvals';
    else
        insert into tool_approvals as a (tenant_id, approval_id, conversation_id, turn_id, step_key, tool,
                                         card_hash, arguments, shown_arguments, reason, expires_at)
        values (p_tenant, uuid7(), p_conversation, p_turn, p_step, p_tool, p_card_hash, p_arguments,
                p_shown, p_reason, now() + p_ttl_ms * interval '1 ms')
        returning a.approval_id::text into approval_id;
        perform person_announce(c, 'approval', p_tool);
    end if;
    insert into tool_executions as e (tenant_id, conversation_id, turn_id, step_key, tool, arguments,
                                      outcome, reason, approval_id, ended_at)
    values (p_tenant, p_conversation, p_turn, p_step, p_tool, p_shown,
            case when refused_by = '' then 'waiting' else 'refused' end,
            case when refused_by = '' then p_reason else refused_by end, approval_id::uuid,
            clock_timestamp())
    on conflict (tenant_id, turn_id, step_key) do update set attempts_count = e.attempts_count + 1;
end
$$;
