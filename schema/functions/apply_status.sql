-- What a channel says about one of our messages: sent, delivered, read, played, failed. Only moves
-- forward, whatever the order of arrival (I7). The message is found by our own id, where the
-- channel gives it back, else by the provider's; a status that comes before its message is kept
-- with the provider's id until record_send claims it.
--
-- A status also proves that an attempt whose result we never heard did arrive: the message is
-- settled then, and conversation_id is set when more may go out now (D6). Media is settled when it is
-- delivered, or failed: until then, or until its time is over, it is the head (record_send_outcome).
create or replace function apply_status(
    p_tenant text, p_channel text, p_provider_id text, p_status text, p_at_ms bigint,
    p_outbox text, p_error_code bigint, p_error_text text,
    out was_applied boolean, out conversation_id text)
language plpgsql as $$
declare
    o outbox;
    v_status text := case p_status when 'played' then 'read' else p_status end;
    v_at timestamptz := case when p_at_ms > 0 then to_timestamp(p_at_ms / 1000.0) else now() end;
    v_error text := case when p_error_code = 0 then '' else p_error_code::text end;
    v_outbox uuid;
begin
    was_applied := false;
    conversation_id := '';
    if v_status not in ('sent', 'delivered', 'read', 'failed') then
        return;
    end if;
    -- Not every id that comes back is ours: other software may write through the same account.
    if p_outbox ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        select * into o from outbox k
         where k.tenant_id = p_tenant and k.outbox_id = p_outbox::uuid
           for no key update;
    end if;
    if o.outbox_id is null then
        -- Only looked at, if it is known: record_send_outcome locks the message first, then the id.
        select m.outbox_id into v_outbox from provider_messages m
         where m.tenant_id = p_tenant and m.channel = p_channel and m.provider_id = p_provider_id;
        if v_outbox is null then
            v_outbox := provider_message_note(p_tenant, p_channel, p_provider_id, v_status, v_at,
                                              v_error, p_error_text);
        end if;
        select * into o from outbox k
         where k.tenant_id = p_tenant and k.outbox_id = v_outbox
           for no key update;
        if not found then
            return;
        end if;
    end if;
    -- A queued message that was tried will be tried again: an old failure does not end it.
    if furthest_state(o.state, v_status) = o.state
       or (o.state = 'queued' and v_status = 'failed') then
        return;
    end if;
    update outbox k
       set state = v_status,
           provider_id = case when o.provider_id = '' then p_provider_id else o.provider_id end,
           sent_at = coalesce(o.sent_at, v_at),
           delivered_at = case when v_status in ('delivered', 'read')
                               then coalesce(o.delivered_at, v_at) end,
           read_at = case when v_status = 'read' then v_at end,
           failed_at = case when v_status = 'failed' then v_at end,
           error_code = case when v_status = 'failed' then v_error else '' end,
           error_text = case when v_status = 'failed' then p_error_text else '' end
     where k.tenant_id = p_tenant and k.outbox_id = o.outbox_id;
    was_applied := true;
    if v_status = 'failed' then
        perform unsent_note(p_tenant, o.outbox_id);
    end if;
    if (o.state in ('queued', 'sending') and (v_status <> 'sent' or not content_is_media(o.content))
        or o.state = 'sent' and content_is_media(o.content))
       and outbox_settle(p_tenant, o.conversation_id, o.seq, null) then
        conversation_id := o.conversation_id;
    end if;
end
$$;
