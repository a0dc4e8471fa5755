-- Only turns of the agent look back: not part of turn_begin.
-- rpc: turn_history
-- result: one
-- budget_ms: 50
select turn_history(:tenant, :conversation_id::uuid) as history
