-- rpc: create_appointment
-- result: one
-- lock_order: 4
-- budget_ms: 50
select a.appointment_id::text as appointment_id, a.number
  from create_appointment(:tenant, :idempotency_key, nullif(:conversation_id, '')::uuid,
                          nullif(:contact_id, '')::uuid, :service, :wanted,
                          nullif(:turn_id, '')::uuid, :step_key) a
