-- Only the contact's own; cancelling twice is cancelling once.
-- rpc: cancel_appointment
-- result: one
-- lock_order: 4
-- budget_ms: 50
select c.was_cancelled, c.number
  from cancel_appointment(:tenant, :appointment_id::uuid, :contact_id::uuid,
                          nullif(:conversation_id, '')::uuid, nullif(:turn_id, '')::uuid,
                          :step_key) c
