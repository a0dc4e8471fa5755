-- A report with a number that the customer can quote. The same idempotency key is the same
-- incident.
create or replace function create_incident(
    p_tenant text, p_key text, p_conversation uuid, p_contact uuid, p_project text,
    p_description text, p_location text, p_severity text,
    out incident_id uuid, out number bigint)
language plpgsql as $$
begin
    select i.incident_id, i.number into incident_id, number from incidents i
     where i.tenant_id = p_tenant and i.idempotency_key = p_key
       for update;
    if found then
        return;
    end if;
    if p_project is not null and not exists (
        select from projects p where p.tenant_id = p_tenant and p.project_id = p_project) then
        raise exception 'no such project' using errcode = 'P2001';
    end if;
    insert into incidents as i (tenant_id, incident_id, number, idempotency_key, conversation_id,
                                contact_id, project_id, description, location, severity)
    values (p_tenant, uuid7(), next_number(p_tenant, 'incident'), p_key, p_conversation, p_contact,
            p_project, p_description, p_location, p_severity)
    on conflict (tenant_id, idempotency_key) do update set idempotency_key = p_key
    returning i.incident_id, i.number into incident_id, number;
end
$$;
