-- A message to a customer that the channel shows us because it did not come from us alone: written on the
-- phone or in the channel's inbox. It is kept as a person's message, and takes the conversation over; it
-- starts no turn. Our own sends, echoed, are recognised (R-29) and change nothing:
--   by the provider's id, once the send's result is recorded;
--   by our id, where the channel gives it back;
--   by its text, while a message of ours to this customer has been requested and its result is not
--   here yet: then the echo is the proof that it arrived, as a status would be.
-- conversation_id is set when more may go out now.
create or replace function put_echo(
    p_tenant text, p_channel text, p_account text, p_provider_id text, p_address text,
    p_alias text, p_type text, p_sent_at_ms bigint, p_content json, p_outbox_id text,
    out was_ours boolean, out was_new boolean, out conversation_id text)
language plpgsql as $$
declare
    c conversations;
    v_conversation uuid;
    v_ours text := '';
    v_text text := btrim(coalesce(p_content->>'text', ''), E' \n\r\t');
    v_at timestamptz := case when p_sent_at_ms > 0 then to_timestamp(p_sent_at_ms / 1000.0)
                             else now() end;
    v_outbox uuid := uuid7();
    v_early provider_messages;
begin
    was_ours := true;
    was_new := false;
    conversation_id := '';
    if exists (select from provider_messages m
                where m.tenant_id = p_tenant and m.channel = p_channel
                  and m.provider_id = p_provider_id and m.outbox_id is not null) then
        return;
    end if;
    v_conversation := conversation_of(p_tenant, p_channel, p_account, p_address, p_alias, '', '');
    select * into c from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = v_conversation
       for no key update;
    -- Waits for a result that is just being recorded, so comes before the second look at the id.
    select o.outbox_id::text into v_ours
      from outbox o
     where o.tenant_id collate "POSIX" = p_tenant and o.conversation_id = c.conversation_id
       and o.seq >= c.next_seq - 8 and o.attempt > 0 and o.provider_id = ''
       and o.state in ('queued', 'sending', 'failed', 'parked')
       and (o.outbox_id::text = p_outbox_id
            or (btrim(coalesce(o.content->>'text', ''), E' \n\r\t') = v_text
                and (v_text <> '' or o.content->>'type' = p_type)))
     order by o.seq limit 1
       for no key update;
    if exists (select from provider_messages m
                where m.tenant_id = p_tenant and m.channel = p_channel
                  and m.provider_id = p_provider_id and m.outbox_id is not null) then
        return;
    end if;
    if v_ours <> '' then
        perform provider_message_own(p_tenant, p_channel, p_provider_id, v_ours::uuid);
        conversation_id := (apply_status(p_tenant, p_channel, p_provider_id, 'sent', p_sent_at_ms,
                                         v_ours, 0, '')).conversation_id;
        return;
    end if;

    was_ours := false;
    was_new := true;
    if c.owner <> 'person' then
        perform change_owner(c, 'person', 'phone', 'wrote on the phone');
    end if;
    v_early := provider_message_own(p_tenant, p_channel, p_provider_id, v_outbox);
    insert into outbox (tenant_id, outbox_id, conversation_id, seq, author, channel,
                        channel_account_id, owner_fence, state, provider_id, sent_at, content)
    values (p_tenant, v_outbox, c.conversation_id, c.next_seq, 'person', p_channel, p_account,
            c.owner_fence + (c.owner <> 'person')::integer, furthest_state('sent', v_early.status),
            p_provider_id, v_at, json_build_object('type', p_type, 'text', v_text));
    update conversations k set next_seq = c.next_seq + 1
     where k.tenant_id = p_tenant and k.conversation_id = c.conversation_id;
end
$$;
