-- rpc: tool_turn
-- result: one
-- lock_order: 4
-- budget_ms: 50
select t.contact_id, t.role, t.rules, t.known_values, t.addresses, t.approvals, t.past
  from tool_turn(:tenant, :conversation_id::uuid, :turn_id::uuid) t
