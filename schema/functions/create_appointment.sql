-- A wish for an appointment, to be confirmed by a person. The same idempotency key is the same
-- wish.
create or replace function create_appointment(
    p_tenant text, p_key text, p_conversation uuid, p_contact uuid, p_service text, p_wanted text,
    out appointment_id uuid, out number bigint)
language plpgsql as $$
begin
    select a.appointment_id, a.number into appointment_id, number from appointments a
     where a.tenant_id = p_tenant and a.idempotency_key = p_key
       for update;
    if found then
        return;
    end if;
    insert into appointments as a (tenant_id, appointment_id, number, idempotency_key,
                                   conversation_id, contact_id, service, wanted)
    values (p_tenant, uuid7(), next_number(p_tenant, 'appointment'), p_key, p_conversation,
            p_contact, p_service, p_wanted)
    on conflict (tenant_id, idempotency_key) do update set idempotency_key = p_key
    returning a.appointment_id, a.number into appointment_id, number;
end
$$;
