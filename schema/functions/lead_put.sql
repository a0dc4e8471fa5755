-- The rows of capture_lead: the contact's profile, and the lead (a new one when p_lead is null).
create or replace function lead_put(
    p_tenant text, p_lead uuid, p_conversation uuid, p_contact uuid, p_name text, p_email text,
    p_phone text, p_company text, p_interest text, p_message text)
returns uuid language plpgsql as $$
declare
    v_lead uuid := coalesce(p_lead, uuid7());
begin
    update contacts c
       set name = case when c.name = '' then p_name else c.name end, updated_at = now(),
           profile = c.profile || jsonb_strip_nulls(jsonb_build_object(
               'name', nullif(p_name, ''), 'email', nullif(p_email, ''),
               'phone', nullif(p_phone, ''), 'company', nullif(p_company, '')))
     where c.tenant_id = p_tenant and c.contact_id = p_contact
       and concat(p_name, p_email, p_phone, p_company) <> '';
    insert into leads as l (tenant_id, lead_id, number, contact_id, conversation_id, name, email,
                            phone, company, interest, message)
    select p_tenant, v_lead, next_number(p_tenant, 'lead'), p_contact, p_conversation, p_name,
           p_email, p_phone, p_company, p_interest, p_message
     where p_lead is null;
    update leads l
       set name = coalesce(nullif(p_name, ''), l.name),
           email = coalesce(nullif(p_email, ''), l.email),
           phone = coalesce(nullif(p_phone, ''), l.phone),
           company = coalesce(nullif(p_company, ''), l.company),
           interest = coalesce(nullif(p_interest, ''), l.interest),
           message = coalesce(nullif(p_message, ''), l.message),
           conversation_id = coalesce(p_conversation, l.conversation_id), updated_at = now()
     where l.tenant_id = p_tenant and l.lead_id = p_lead;
    return v_lead;
end
$$;
