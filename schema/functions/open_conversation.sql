-- The conversation of a customer with one of our accounts; person, addresses and conversation are
-- made when they are not there yet. Safe to run in parallel (I5): every step goes through a unique
-- key and takes what the winner wrote.
--
-- p_address is the strongest identity, p_alias a second one of the same person, p_previous_address
-- the one a person had before it changed.
create or replace function open_conversation(
    p_tenant text, p_channel text, p_account text, p_address text, p_alias text, p_name text,
    p_previous_address text)
returns uuid language plpgsql as $$
declare
    v_contact uuid;
    v_conversation uuid;
    v_phone text := '';
begin
    if p_previous_address <> '' then
        perform rename_address(p_tenant, p_channel, p_previous_address, p_address);
    end if;
    if p_alias ~ '^[0-9]+$' then
        v_phone := p_alias;
    elsif p_address ~ '^\+?[0-9]+$' then
        v_phone := ltrim(p_address, '+');
    end if;

    select contact_id into v_contact from contact_addresses
     where tenant_id = p_tenant and channel = p_channel and address = p_address;
    if p_alias <> '' then
        -- Before the address, so that two first messages that share only the alias meet here.
        insert into contact_addresses (tenant_id, channel, address, contact_id, name, is_alias)
        values (p_tenant, p_channel, p_alias, coalesce(v_contact, uuid7()), p_name, true)
        on conflict (tenant_id, channel, address) do update
            set name = coalesce(nullif(excluded.name, ''), contact_addresses.name)
        returning coalesce(v_contact, contact_id) into v_contact;
    end if;
    insert into contact_addresses (tenant_id, channel, address, contact_id, name)
    values (p_tenant, p_channel, p_address, coalesce(v_contact, uuid7()), p_name)
    on conflict (tenant_id, channel, address) do update
        set name = coalesce(nullif(excluded.name, ''), contact_addresses.name), is_alias = false
    returning contact_id into v_contact;

    insert into contacts (tenant_id, contact_id, name)
    values (p_tenant, v_contact, p_name)
    on conflict (tenant_id, contact_id) do update set name = excluded.name, updated_at = now()
     where contacts.name <> excluded.name and excluded.name <> '';

    insert into conversations (tenant_id, conversation_id, contact_id, channel, channel_account_id,
                               address, phone, opted_out_at)
    values (p_tenant, uuid7(), v_contact, p_channel, p_account, p_address, v_phone,
            (select k.opted_out_at from contacts k
              where k.tenant_id = p_tenant and k.contact_id = v_contact))
    on conflict (tenant_id, contact_id, channel_account_id, channel)
    do update set address = excluded.address,
                  phone = case when excluded.phone = '' then conversations.phone
                               else excluded.phone end
    returning conversation_id into v_conversation;
    return v_conversation;
end
$$;
