-- A person's identity on a channel changed: same contact, new address. When the new one is known
-- already, it keeps its contact and nothing is renamed.
create or replace function rename_address(p_tenant text, p_channel text, p_from text, p_to text)
returns void language plpgsql as $$
declare
    v_contact uuid;
begin
    perform from contact_addresses a
      where a.tenant_id = p_tenant and a.channel = p_channel and a.address = p_to;
    if found then
        return;
    end if;
    update contact_addresses a set address = p_to, previous_address = p_from
     where a.tenant_id = p_tenant and a.channel = p_channel and a.address = p_from
    returning a.contact_id into v_contact;
    update conversations c set address = p_to
     where c.tenant_id collate "POSIX" = p_tenant and c.contact_id = v_contact
       and c.channel = p_channel and c.address = p_from;
end
$$;
