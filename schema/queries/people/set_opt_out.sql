-- rpc: set_opt_out
-- result: one
-- lock_order: 2
-- budget_ms: 50
select set_opt_out(:tenant, :conversation_id::uuid, :is_opted_out) as was_changed
