-- rpc: put_person_message
-- result: one
-- lock_order: 2
-- budget_ms: 50
select p.outbox_id, p.seq, p.was_new, p.was_taken_over
  from put_person_message(:tenant, :conversation_id::uuid, :idempotency_key, :text, :actor,
                           :type, :media_url, :file_name) p
