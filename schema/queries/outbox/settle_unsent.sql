-- rpc: settle_unsent
-- result: one
-- lock_order: 2
-- budget_ms: 50
select s.outbox_id, s.state, s.resent_outbox_id
  from settle_unsent(:tenant, :outbox_id::uuid, :action, :actor) s
