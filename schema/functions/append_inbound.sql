-- Messages of customers to one account into the inbox, with their conversations (D4): one statement
-- for all, because starting a statement costs more than storing a message. The arrays are of one
-- length; the result has a row for each different external id, in their order. Always writes, also
-- when a message is there already: a commit that wrote nothing would not wait for a standby (T2).
--
-- The usual message comes from a known address and changes nothing else: two index lookups and one
-- insert. Locks no conversation, so it never waits for a turn, and no two appends wait for each
-- other unless they carry the same message or meet a new person. Messages are inserted by external
-- id, so that two appends with the same ones do not deadlock.
create or replace function append_inbound(
    p_tenant text, p_channel text, p_account text, p_external_ids text[], p_addresses text[],
    p_aliases text[], p_contact_names text[], p_types text[], p_sent_at_ms bigint[],
    p_starts_turn boolean[], p_contents json[], p_previous_addresses text[])
returns table (external_id text, conversation_id uuid, is_new boolean, starts_turn boolean)
language plpgsql rows 10 as $$
declare
    v_conversations uuid[];
begin
    v_conversations := array(
        select case when k.conversation_id is null or (m.alias <> '' and m.alias <> k.phone)
                         or (m.name <> '' and m.name <> a.name)
                    then open_conversation(p_tenant, p_channel, p_account, m.address, m.alias,
                                           m.name, m.previous_address)
                    else k.conversation_id end
          from unnest(p_addresses, p_aliases, p_contact_names, p_previous_addresses)
                   m(address, alias, name, previous_address)
          -- Not plain joins: each is one look into a unique index whatever the statistics say.
          left join lateral (select c.contact_id, c.name from contact_addresses c
                              where c.tenant_id = p_tenant and c.channel = p_channel
                                and c.address = m.address and m.previous_address = ''
                             offset 0) a on true
          left join lateral (select c.conversation_id, c.phone from conversations c
                              where c.tenant_id collate "POSIX" = p_tenant
                                and c.contact_id = a.contact_id
                                and c.channel_account_id = p_account and c.channel = p_channel
                             offset 0) k on true);
    return query
    insert into inbox as i (tenant_id, channel, external_id, conversation_id, sent_at, starts_turn,
                            type, content, duplicates_count)
    select distinct on (m.external_id) p_tenant, p_channel, m.external_id, m.conversation_id,
           case when m.sent_at_ms > 0 then to_timestamp(m.sent_at_ms / 1000.0) end, m.starts_turn,
           m.type, m.content, count(*) over (partition by m.external_id) - 1
      from unnest(p_external_ids, v_conversations, p_sent_at_ms, p_starts_turn, p_types, p_contents)
               m(external_id, conversation_id, sent_at_ms, starts_turn, type, content)
     order by m.external_id
    on conflict on constraint inbox_pkey
    do update set duplicates_count = i.duplicates_count + excluded.duplicates_count + 1
    returning i.external_id, i.conversation_id, i.xmax = 0, i.starts_turn; -- 0: no update, a new row
end
$$;
