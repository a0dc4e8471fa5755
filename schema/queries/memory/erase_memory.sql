-- rpc: erase_memory
-- result: one
-- lock_order: 6
-- budget_ms: 500
select e.facts_count, e.conversations_count
  from memory_erase(:tenant, :contact_id::uuid, :actor) e
