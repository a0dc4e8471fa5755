-- One message of a customer into the inbox, with its conversation (D4). Always writes, also when
-- the message is there already: a commit that wrote nothing would not wait for a standby (T2).
--
-- The usual message comes from a known address and changes nothing else: two index lookups and one
-- insert. Locks no conversation, so it never waits for a turn, and no two appends wait for each
-- other unless they carry the same message or meet a new person.
create or replace function append_inbound(
    p_tenant text, p_channel text, p_account text, p_external_id text, p_address text, p_alias text,
    p_contact_name text, p_type text, p_sent_at_ms bigint, p_starts_turn boolean, p_content json,
    p_previous_address text,
    out conversation_id uuid, out is_new boolean)
language plpgsql as $$
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
       or (p_contact_name <> '' and p_contact_name <> v_name) then
        v_conversation := open_conversation(p_tenant, p_channel, p_account, p_address, p_alias,
                                            p_contact_name, p_previous_address);
    end if;

    insert into inbox as i (tenant_id, channel, external_id, conversation_id, sent_at, starts_turn,
                            type, content)
    values (p_tenant, p_channel, p_external_id, v_conversation,
            case when p_sent_at_ms > 0 then to_timestamp(p_sent_at_ms / 1000.0) end, p_starts_turn,
            p_type, p_content)
    on conflict (tenant_id, channel, external_id)
    do update set duplicates_count = i.duplicates_count + 1
    returning i.conversation_id, i.duplicates_count = 0 into conversation_id, is_new;
end
$$;
