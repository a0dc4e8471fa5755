-- rpc: begin_tool_call
-- result: one
-- key: tool
-- lock_order: 7
-- budget_ms: 50
select b.refused_by, b.attempts_count, b.result
  from tool_call_begin(:tenant, :conversation_id::uuid, :turn_id::uuid, :step_key, :tool, :contact_id,
                       :arguments, :contact_day_max_count::integer, :tenant_day_max_count::integer,
                       nullif(:approval_id, '')::uuid, :cost_micro_usd) b
