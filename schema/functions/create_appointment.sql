-- A wish for an appointment, to be confirmed by a person. The same idempotency key is the same
-- wish; the same step of a turn too.
create or replace function create_appointment(
    p_tenant text, p_key text, p_conversation uuid, p_contact uuid, p_service text, p_wanted text,
    p_turn uuid, p_step text, out appointment_id uuid, out number bigint)
language plpgsql as $$
declare
    v_hash bytea := request_hash('create_appointment', p_contact::text, p_service, p_wanted);
    v_done json := turn_step_done(p_tenant, p_turn, p_step, v_hash);
begin
    if v_done is not null then
        appointment_id := v_done->>'appointment_id';
        number := v_done->>'number';
        return;
    end if;
    select a.appointment_id, a.number into appointment_id, number from appointments a
     where a.tenant_id = p_tenant and a.idempotency_key = p_key
       for update;
    if not found then
        insert into appointments as a (tenant_id, appointment_id, number, idempotency_key,
                                       conversation_id, contact_id, service, wanted)
        values (p_tenant, uuid7(), next_number(p_tenant, 'appointment'), p_key, p_conversation,
                p_contact, p_service, p_wanted)
        on conflict (tenant_id, idempotency_key) do update set idempotency_key = p_key
        returning a.appointment_id, a.number into appointment_id, number;
    end if;
    perform turn_step_receipt(
        p_tenant, p_conversation, p_turn, p_step, v_hash,
        json_build_object('appointment_id', appointment_id, 'number', number,
                          'service', p_service, 'wanted', p_wanted));
end
$$;
