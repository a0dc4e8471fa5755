-- A person decides about a message that was not sent, or may not have been: `resend` puts a copy behind
-- what the conversation has to say by now (so that order holds), `drop` leaves it. The same again
-- changes nothing and is told the same. Its statuses go on to be taken: what turns out to have arrived
-- is neither.
create or replace function settle_unsent(
    p_tenant text, p_outbox uuid, p_action text, p_by text,
    out outbox_id text, out state text, out resent_outbox_id text)
language plpgsql as $$
declare
    o outbox;
    c conversations;
    v_code text := case p_action when 'resend' then 'RESENT' else 'DROPPED' end;
    v_copy uuid := md5(p_outbox::text || '/resend')::uuid;
begin
    if p_action not in ('resend', 'drop') then
        raise exception 'action is none of resend, drop' using errcode = '22023';
    end if;
    select * into o from outbox k where k.tenant_id = p_tenant and k.outbox_id = p_outbox;
    if not found then
        raise exception 'no such message' using errcode = 'P4003';
    end if;
    select * into c from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = o.conversation_id
       for no key update;
    select * into o from outbox k
     where k.tenant_id = p_tenant and k.outbox_id = p_outbox
       for no key update;
    outbox_id := p_outbox::text;
    state := o.state;
    resent_outbox_id := case when p_action = 'resend' then v_copy::text else '' end;
    if o.error_code = v_code then
        return;
    end if;
    if o.state not in ('refused', 'parked', 'failed') or o.error_code in ('RESENT', 'DROPPED') then
        raise exception 'this message is %', o.state using errcode = 'P4004';
    end if;
    if p_action = 'resend' then
        perform outbox_put(c, o.turn_id, 'person', c.owner_fence, array[v_copy], array[o.content]);
        update conversations k set next_seq = c.next_seq + 1
         where k.tenant_id = p_tenant and k.conversation_id = c.conversation_id;
    end if;
    state := 'failed';
    update outbox k
       set state = 'failed', failed_at = coalesce(o.failed_at, now()), advice = '',
           error_code = v_code,
           error_text = o.error_text || ' (' || p_by || ')'
     where k.tenant_id = p_tenant and k.outbox_id = p_outbox;
    insert into unsent_messages (tenant_id, outbox_id, settled_at, settled_by)
    values (p_tenant, p_outbox, now(), p_by)
    on conflict on constraint unsent_messages_pkey
    do update set settled_at = now(), settled_by = excluded.settled_by;
    update system_alerts a set resolved_at = now()
     where a.tenant_id = p_tenant and a.resolved_at is null
       and a.conversation_id = o.conversation_id and a.kind in ('parked', 'send_unknown');
end
$$;
