-- rpc: put_turn_step
-- result: one
-- lock_order: 4
-- budget_ms: 50
select turn_step_put(:tenant, :conversation_id::uuid, :turn_id::uuid, :step_key, :kind,
                     :request_hash, :result) as result
