-- rpc: capture_lead
-- result: one
-- lock_order: 4
-- budget_ms: 50
select l.lead_id::text as lead_id, l.number, l.stage, l.was_new
  from capture_lead(:tenant, :idempotency_key, nullif(:conversation_id, '')::uuid,
                    nullif(:contact_id, '')::uuid, :name, :email, :phone, :company, :interest,
                    :message, nullif(:turn_id, '')::uuid, :step_key) l
