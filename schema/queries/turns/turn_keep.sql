-- rpc: turn_keep
-- result: one
-- lock_order: 2
-- budget_ms: 50
select k.is_kept, k.outbox_count
  from turn_keep(:tenant, :conversation_id::uuid, :fence, :lease_ms, :content) k
