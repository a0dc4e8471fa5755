-- rpc: record_sends
-- result: many results
-- arrays: results
-- lock_order: 3
-- budget_ms: 50
select r.outbox_id, r.was_recorded, r.has_next
  from record_sends(:tenant, :outbox_id, :attempt, :outcome, :provider_id, :retry_after_ms,
                    :error_code, :error_text, :is_unknown, :reason_code, :advice,
                    :next_after_ms) r
