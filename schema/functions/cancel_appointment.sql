-- Only the contact's own; cancelling twice is cancelling once. The same step of a turn cancels once, also
-- when somebody has confirmed the appointment again since.
create or replace function cancel_appointment(
    p_tenant text, p_appointment uuid, p_contact uuid, p_conversation uuid, p_turn uuid,
    p_step text, out was_cancelled boolean, out number bigint)
language plpgsql as $$
declare
    v_hash bytea := request_hash('cancel_appointment', p_contact::text, p_appointment::text);
    v_done json := turn_step_done(p_tenant, p_turn, p_step, v_hash);
begin
    if v_done is not null then
        was_cancelled := v_done->>'was_cancelled';
        number := v_done->>'number';
        return;
    end if;
    update appointments a set status = 'cancelled', updated_at = now()
     where a.tenant_id = p_tenant and a.appointment_id = p_appointment
       and a.contact_id = p_contact
    returning a.number into number;
    was_cancelled := found;
    number := coalesce(number, 0);
    perform turn_step_receipt(
        p_tenant, p_conversation, p_turn, p_step, v_hash,
        json_build_object('appointment_id', p_appointment, 'number', number,
                          'was_cancelled', was_cancelled));
end
$$;
