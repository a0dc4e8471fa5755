-- What became of one attempt to send (RESULT, D5). Refused when the attempt is not the last one
-- that was claimed: somebody else has it. The same result again is recorded once.
--   sent    the channel has it; statuses that came before this are applied
-- p_is_unknown: nobody knows what became of the request (D6).
--   retry   the same message again after p_retry_after_ms; what follows it waits
--   failed  for good; what follows it may go
create or replace function record_send_outcome(
    p_tenant text, p_outbox uuid, p_attempt bigint, p_outcome text, p_provider_id text,
    p_retry_after_ms bigint, p_error_code bigint, p_error_text text, p_is_unknown boolean,
    out was_recorded boolean, out has_next boolean)
language plpgsql as $$
declare
    o outbox;
    v_early provider_messages;
    v_state text;
begin
    was_recorded := false;
    has_next := false;
    if p_outcome not in ('sent', 'retry', 'failed') then
        raise exception 'outcome is none of sent, retry, failed' using errcode = '22023';
    end if;
    select * into o from outbox k
     where k.tenant_id = p_tenant and k.outbox_id = p_outbox
       for no key update;
    if not found or o.attempt <> p_attempt then
        return;
    end if;
    if p_provider_id <> '' and p_outcome = 'sent' then
        v_early := provider_message_own(p_tenant, o.channel, p_provider_id, p_outbox);
    end if;
    v_state := case p_outcome when 'retry' then 'queued' else p_outcome end;
    was_recorded := true;
    if o.state = 'sending' then
        update outbox k
           set state = furthest_state(v_state, v_early.status), provider_id = p_provider_id,
               unknown_count = o.unknown_count + p_is_unknown::integer,
               sent_at = case when v_state = 'sent' then now() end,
               delivered_at = case when v_early.status in ('delivered', 'read')
                                   then v_early.status_at end,
               read_at = case when v_early.status = 'read' then v_early.status_at end,
               failed_at = case when v_state = 'failed' then now()
                                when v_early.status = 'failed' then v_early.status_at end,
               error_code = case when p_error_code <> 0 then p_error_code::text
                                 else coalesce(v_early.error_code, '') end,
               error_text = coalesce(nullif(p_error_text, ''), v_early.error_text, '')
         where k.tenant_id = p_tenant and k.outbox_id = p_outbox;
        if v_state = 'failed' and o.unknown_count + p_is_unknown::integer > 0 then
            perform person_announce(c, 'send_unknown', p_error_text) -- may not have arrived
               from conversations c
              where c.tenant_id = p_tenant and c.conversation_id = o.conversation_id;
        end if;
        has_next := outbox_settle(p_tenant, o.conversation_id, o.seq,
                                  case when v_state = 'queued' then p_retry_after_ms end);
    elsif p_outcome = 'sent' and o.provider_id = '' then
        -- A status was faster than this result: the message is settled, only its id is missing.
        update outbox k
           set provider_id = p_provider_id, state = furthest_state(o.state, v_early.status),
               sent_at = coalesce(o.sent_at, now())
         where k.tenant_id = p_tenant and k.outbox_id = p_outbox;
    end if;
end
$$;
