-- A tool has answered, or failed: the step of the turn and its row, in one transaction. Gives the result
-- that was recorded first (turn_step_put).
create or replace function tool_call_end(
    p_tenant text, p_conversation uuid, p_turn uuid, p_step text, p_hash bytea, p_result bytea,
    p_outcome text, p_reason text, p_shown text, p_duration_ms bigint, p_approval uuid)
returns bytea language plpgsql as $$
declare
    v_result bytea := turn_step_put(p_tenant, p_conversation, p_turn, p_step, 'paid', p_hash, p_result);
begin
    update tool_executions e
       set outcome = p_outcome, reason = p_reason, result = p_shown, duration_ms = p_duration_ms,
           ended_at = clock_timestamp()
     where e.tenant_id = p_tenant and e.turn_id = p_turn and e.step_key = p_step
       and e.outcome = 'started';
    if p_approval is not null then
        update tool_approvals a set state = 'done', result = v_result
         where a.tenant_id = p_tenant and a.approval_id = p_approval and a.heard_turn_id = p_turn
           and a.state in ('used', 'done');
    end if;
    return v_result;
end
$$;
