-- A person's identity on a channel changed: same contact, new address. When the new one is known
-- already, it keeps its contact and nothing is renamed.
create or replace function rename_address(p_tenant text, p_channel text, p_from text, p_to text)
returns void language plpgsql as $$
begin
    if exists (select from contact_addresses
                where tenant_id = p_tenant and channel = p_channel and address = p_to) then
        return;
    end if;
    update contact_addresses set address = p_to, previous_address = p_from
     where tenant_id = p_tenant and channel = p_channel and address = p_from;
    update conversations set address = p_to
     where tenant_id = p_tenant and channel = p_channel and address = p_from
       and contact_id = (select contact_id from contact_addresses
                          where tenant_id = p_tenant and channel = p_channel and address = p_to);
end
$$;
