-- rpc: escalate
-- result: one
-- lock_order: 4
-- budget_ms: 50
select e.conversation_id::text as conversation_id, e.is_handed_over
  from escalate(:tenant, :idempotency_key, :conversation_id::uuid, :reason,
                nullif(:turn_id, '')::uuid, :step_key) e
