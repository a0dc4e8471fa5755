-- rpc: contact_owner
-- result: one
-- lock_order: 4
-- budget_ms: 50
select o.ways_count, o.is_alerted
  from contact_owner(:tenant, :idempotency_key, nullif(:conversation_id, '')::uuid,
                     nullif(:contact_id, '')::uuid, :subject, :message, :urgency,
                     nullif(:turn_id, '')::uuid, :step_key) o
