-- Only the contact's own; cancelling twice is cancelling once.
-- rpc: cancel_appointment
-- result: one
-- lock_order: 4
-- budget_ms: 50
with cancelled as (
    update appointments a set status = 'cancelled', updated_at = now()
     where a.tenant_id = :tenant and a.appointment_id = :appointment_id::uuid
       and a.contact_id = :contact_id::uuid
    returning a.number
)
select count(*) > 0 as was_cancelled, coalesce(max(k.number), 0) as number from cancelled k
