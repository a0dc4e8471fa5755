-- Notes who is interested in what: the contact's profile and their open lead take over each field that is
-- not empty; without an open lead one begins (stage new). The same idempotency key changes nothing and
-- tells what it told; with other words it is an error, as is a step of a turn. What the customer says of
-- themselves is not an address of theirs (contact_addresses): nobody is recognised by it.
create or replace function capture_lead(
    p_tenant text, p_key text, p_conversation uuid, p_contact uuid, p_name text, p_email text,
    p_phone text, p_company text, p_interest text, p_message text, p_turn uuid, p_step text,
    out lead_id uuid, out number bigint, out stage text, out was_new boolean)
language plpgsql as $$
declare
    v_hash bytea := request_hash('capture_lead', p_contact::text, p_name, p_email, p_phone,
                                 p_company, p_interest, p_message);
    v_done json := turn_step_done(p_tenant, p_turn, p_step, v_hash);
    v_note lead_notes;
begin
    if v_done is not null then
        lead_id := v_done->>'lead_id';
        number := v_done->>'number';
        stage := v_done->>'stage';
        was_new := v_done->>'was_new';
        return;
    end if;
    if concat(p_name, p_email, p_phone, p_company, p_interest, p_message) !~ '\S' then
        raise exception 'a lead needs a field' using errcode = '22023';
    end if;
    if p_email <> '' and p_email !~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$'
       or p_phone <> '' and length(regexp_replace(p_phone, '\D', '', 'g')) not between 5 and 15 then
        raise exception 'no e-mail address, or no phone number' using errcode = '22023';
    end if;
    -- Who asks twice at once waits here: one open lead a contact, one note a key.
    perform pg_advisory_xact_lock(hashtextextended(p_tenant || ' lead ' ||
                                                   coalesce(p_contact::text, p_key), 0));
    select * into v_note from lead_notes n
     where n.tenant_id = p_tenant and n.idempotency_key = p_key
       for update;
    if found and v_note.request_hash <> v_hash then
        raise exception 'the key was used for another request' using errcode = 'P4004';
    end if;
    if found then
        was_new := v_note.was_new;
        lead_id := v_note.lead_id;
    else
        select l.lead_id into lead_id from leads l
         where l.tenant_id collate "POSIX" = p_tenant and l.contact_id = p_contact
           and l.stage in ('new', 'contacted', 'qualified')
         order by l.created_at desc limit 1;
        was_new := not found;
        lead_id := lead_put(p_tenant, lead_id, p_conversation, p_contact, p_name, p_email, p_phone,
                            p_company, p_interest, p_message);
        insert into lead_notes (tenant_id, idempotency_key, lead_id, request_hash, was_new, interest,
                                message)
        values (p_tenant, p_key, lead_id, v_hash, was_new, p_interest, p_message);
    end if;
    select l.number, l.stage into number, stage from leads l
     where l.tenant_id = p_tenant and l.lead_id = capture_lead.lead_id;
    perform turn_step_receipt(
        p_tenant, p_conversation, p_turn, p_step, v_hash,
        json_build_object('lead_id', lead_id, 'number', number, 'stage', stage,
                          'was_new', was_new));
end
$$;
