-- rpc: refuse_tool_call
-- result: none
-- lock_order: 4
-- budget_ms: 50
insert into tool_executions as e (tenant_id, conversation_id, turn_id, step_key, tool, arguments, outcome,
                                  reason, ended_at)
values (:tenant, :conversation_id::uuid, :turn_id::uuid, :step_key, :tool, :arguments, 'refused', :reason,
        clock_timestamp())
on conflict (tenant_id, turn_id, step_key) do update set attempts_count = e.attempts_count + 1
