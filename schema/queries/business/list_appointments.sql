-- Of one contact, those that are not cancelled, newest first.
-- rpc: list_appointments
-- result: many appointments
-- budget_ms: 50
select a.appointment_id::text as appointment_id, a.number, a.service, a.wanted, a.status
  from appointments a
 where a.tenant_id = :tenant and a.contact_id = nullif(:contact_id, '')::uuid
   and a.status <> 'cancelled'
 order by a.number desc
 limit case when :max_rows between 1 and 100 then :max_rows else 100 end
