-- rpc: record_sends
-- result: many results
-- each: results
-- key: outbox_id
-- lock_order: 3
-- budget_ms: 50
select :outbox_id as outbox_id, r.was_recorded, r.has_next
  from record_send_outcome(:tenant, :outbox_id::uuid, :attempt, :outcome, :provider_id,
                           :retry_after_ms, :error_code, :error_text, :is_unknown, :reason_code,
                           :advice, :next_after_ms) r
