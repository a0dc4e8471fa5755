-- rpc: put_memory
-- result: one
-- arrays: facts
-- lock_order: 6
-- budget_ms: 50
select p.was_written, p.version
  from memory_put(:tenant, :conversation_id::uuid, :made_from, :summary, :inbox_seq, :outbox_seq, :model,
                  :type, :value, :source_inbox_seq, :confidence_pct, :keep_days, :max_count) p
