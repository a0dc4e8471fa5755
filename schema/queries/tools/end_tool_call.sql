-- rpc: end_tool_call
-- result: one
-- lock_order: 4
-- budget_ms: 50
select tool_call_end(:tenant, :conversation_id::uuid, :turn_id::uuid, :step_key, :request_hash,
                     :result, :outcome, :reason, :shown_result, :duration_ms,
                     nullif(:approval_id, '')::uuid) as result
