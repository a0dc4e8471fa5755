-- Goes the way of record_send (key, lock_order): both change the message, often in the same
-- instant.
-- rpc: apply_statuses
-- result: many statuses
-- each: statuses
-- key: outbox_id provider_id
-- lock_order: 3
-- budget_ms: 50
select :provider_id as provider_id, s.was_applied, s.conversation_id
  from apply_status(:tenant, :channel, :provider_id, :status, :at_ms, :outbox_id, :error_code,
                    :error_text) s
