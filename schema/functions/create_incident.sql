-- A report with a number that the customer can quote. The same idempotency key is the same
-- incident; the same step of a turn too.
create or replace function create_incident(
    p_tenant text, p_key text, p_conversation uuid, p_contact uuid, p_project text,
    p_description text, p_location text, p_severity text, p_turn uuid, p_step text,
    out incident_id uuid, out number bigint)
language plpgsql as $$
declare
    v_hash bytea := request_hash('create_incident', p_contact::text, p_project, p_description,
                                 p_location, p_severity);
    v_done json := turn_step_done(p_tenant, p_turn, p_step, v_hash);
begin
    if v_done is not null then
        incident_id := v_done->>'incident_id';
        number := v_done->>'number';
        return;
    end if;
    select i.incident_id, i.number into incident_id, number from incidents i
     where i.tenant_id = p_tenant and i.idempotency_key = p_key
       for update;
    if not found then
        if p_project is not null and not exists (
            select from projects p where p.tenant_id = p_tenant and p.project_id = p_project) then
            raise exception 'no such project' using errcode = 'P2001';
        end if;
        insert into incidents as i (tenant_id, incident_id, number, idempotency_key,
                                    conversation_id, contact_id, project_id, description, location,
                                    severity)
        values (p_tenant, uuid7(), next_number(p_tenant, 'incident'), p_key, p_conversation,
                p_contact, p_project, p_description, p_location, p_severity)
        on conflict (tenant_id, idempotency_key) do update set idempotency_key = p_key
        returning i.incident_id, i.number into incident_id, number;
    end if;
    perform turn_step_receipt(
        p_tenant, p_conversation, p_turn, p_step, v_hash,
        json_build_object('incident_id', incident_id, 'number', number,
                          'project_id', p_project, 'severity', p_severity));
end
$$;
