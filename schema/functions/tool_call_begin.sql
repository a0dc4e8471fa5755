-- Right before a tool is called: its row, and one call out of the day's limits, once a step however often
-- it is asked. refused_by: the limit that does not allow it (contact_day, tenant_day, spend_day,
-- spend_conversation), or approval (it is not approved, or another turn has it). What it costs is taken
-- from what models may cost, and never given back. With an approval whose call was made: its result, and no call.
create or replace function tool_call_begin(
    p_tenant text, p_conversation uuid, p_turn uuid, p_step text, p_tool text, p_contact text,
    p_arguments text, p_contact_day_max integer, p_tenant_day_max integer, p_approval uuid,
    p_cost bigint,
    out refused_by text, out attempts_count integer, out result bytea)
language plpgsql as $$
begin
    insert into tool_executions as e (tenant_id, conversation_id, turn_id, step_key, tool, arguments,
                                      outcome, approval_id)
    values (p_tenant, p_conversation, p_turn, p_step, p_tool, p_arguments, 'started', p_approval)
    on conflict (tenant_id, turn_id, step_key) do update set attempts_count = e.attempts_count + 1
    returning e.attempts_count, case when e.outcome = 'refused' then e.reason else '' end
      into attempts_count, refused_by;
    if p_approval is not null and refused_by = '' then
        update tool_approvals a set state = case a.state when 'approved' then 'used' else a.state end
         where a.tenant_id = p_tenant and a.approval_id = p_approval
           and a.conversation_id = p_conversation and a.tool = p_tool
           and a.heard_turn_id = p_turn and a.state in ('approved', 'used', 'done')
        returning a.result into result;
        if not found then
            refused_by := 'approval';
        end if;
    end if;
    if attempts_count > 1 then
        return;
    end if;
    if refused_by = '' and p_cost > 0 then
        refused_by := tool_spend(p_tenant, p_conversation, p_cost);
    end if;
    if refused_by = '' and not tool_reserve(p_tenant, p_tool, p_contact, p_contact_day_max) then
        refused_by := 'contact_day';
    end if;
    if refused_by = '' and p_tenant_day_max > 0
       and not tool_reserve(p_tenant, p_tool, '', p_tenant_day_max) then
        refused_by := 'tenant_day';
    end if;
    if refused_by <> '' then
        update tool_executions e set outcome = 'refused', reason = refused_by,
                                     ended_at = clock_timestamp()
         where e.tenant_id = p_tenant and e.turn_id = p_turn and e.step_key = p_step;
    elsif p_cost > 0 then
        update tool_executions e set cost_micro_usd = p_cost
         where e.tenant_id = p_tenant and e.turn_id = p_turn and e.step_key = p_step;
    end if;
end
$$;
