-- rpc: handback
-- result: one
-- lock_order: 2
-- budget_ms: 50
select h.conversation_id::text as conversation_id, h.was_handed_back, h.pending_count
  from handback(:tenant, nullif(:conversation_id, '')::uuid, :address, :actor) h
