-- The conversation of a customer with one of our accounts, made when it is not there yet; see
-- open_conversation for the arguments.
create or replace function conversation_of(
    p_tenant text, p_channel text, p_account text, p_address text, p_alias text, p_name text,
    p_previous_address text)
returns uuid language plpgsql as $$
declare
    v_contact uuid;
    v_conversation uuid;
    v_name text;
    v_phone text;
begin
    -- Two statements, not a join: each is one look into a unique index whatever the statistics say.
    if p_previous_address = '' then
        select a.contact_id, a.name into v_contact, v_name
          from contact_addresses a
         where a.tenant_id = p_tenant and a.channel = p_channel and a.address = p_address;
        select c.conversation_id, c.phone into v_conversation, v_phone
          from conversations c
         where c.tenant_id collate "POSIX" = p_tenant and c.contact_id = v_contact
           and c.channel_account_id = p_account and c.channel = p_channel;
    end if;
    if v_conversation is null or (p_alias <> '' and p_alias <> v_phone)
       or (p_name <> '' and p_name <> v_name) then
        return open_conversation(p_tenant, p_channel, p_account, p_address, p_alias, p_name,
                                 p_previous_address);
    end if;
    return v_conversation;
end
$$;
