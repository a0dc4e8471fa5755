-- What became of a claimed message: of a request (RESULT, D5), or of a look at it that led to none.
-- p_attempt is the claim's. Refused when another attempt has begun since: somebody else has it. The
-- same result again is recorded once.
--   sent     the channel has it; statuses that came before this are applied
--   retry    the same message again after p_retry_after_ms; what follows it waits
--   returned the same, and no request was made: what was an attempt by its INTENT is none
--   failed   for good; what follows it may go
--   refused  the policy does not let it go; p_reason_code says why, p_advice what would work
--   parked   nobody knows whether it arrived, and a person is to decide
-- p_is_unknown: nobody knows what became of the request (D6).
-- p_next_after_ms: of media. It stays the head though it is sent, so that what follows is not claimed,
-- until a status says that it is delivered or failed (apply_status); when the time is over,
-- claim_due finds a head that is sent and goes on.
drop function if exists record_send_outcome; -- it had fewer parameters
create or replace function record_send_outcome(
    p_tenant text, p_outbox uuid, p_attempt bigint, p_outcome text, p_provider_id text,
    p_retry_after_ms bigint, p_error_code bigint, p_error_text text, p_is_unknown boolean,
    p_reason_code text, p_advice text, p_next_after_ms bigint default 0,
    out was_recorded boolean, out has_next boolean)
language plpgsql as $$
declare
    o outbox;
    v_early provider_messages;
    v_state text;
    v_unknown_count integer;
    v_code text := coalesce(nullif(p_reason_code, ''), nullif(p_error_code, 0)::text, '');
begin
    was_recorded := false;
    has_next := false;
    if p_outcome not in ('sent', 'retry', 'returned', 'failed', 'refused', 'parked') then
        raise exception 'no such outcome' using errcode = '22023';
    end if;
    select * into o from outbox k
     where k.tenant_id = p_tenant and k.outbox_id = p_outbox
       for no key update;
    if not found or (o.attempt <> p_attempt
                     and (o.attempt <> p_attempt - 1 or o.state <> 'queued')) then
        return;
    end if;
    was_recorded := true;
    if o.state = 'queued' and p_outcome in ('retry', 'returned') then
        if o.attempt = p_attempt then
            return; -- told twice, or its claim ran out and was counted as unknown
        elsif v_code = '' then -- given back without a request: what was said of the last one stays
            perform outbox_settle(p_tenant, o.conversation_id, o.seq, p_retry_after_ms);
            return;
        end if;
    end if;
    if p_outcome = 'returned' then
        if o.state = 'sending' then
            update outbox k set state = 'queued', attempt = p_attempt - 1
             where k.tenant_id = p_tenant and k.outbox_id = p_outbox;
            perform outbox_settle(p_tenant, o.conversation_id, o.seq, p_retry_after_ms);
        end if;
        return;
    end if;
    if p_provider_id <> '' and p_outcome = 'sent' then
        v_early := provider_message_own(p_tenant, o.channel, p_provider_id, p_outbox);
    end if;
    v_state := case p_outcome when 'retry' then 'queued' else p_outcome end;
    if o.state in ('queued', 'sending') then
        v_unknown_count := o.unknown_count + p_is_unknown::integer;
        update outbox k
           set state = furthest_state(v_state, v_early.status), provider_id = p_provider_id,
               unknown_count = v_unknown_count,
               sent_at = case when v_state = 'sent' then now() end,
               delivered_at = case when v_early.status in ('delivered', 'read')
                                   then v_early.status_at end,
               read_at = case when v_early.status = 'read' then v_early.status_at end,
               failed_at = case when v_state in ('failed', 'refused', 'parked') then now()
                                when v_early.status = 'failed' then v_early.status_at end,
               error_code = coalesce(nullif(v_code, ''), v_early.error_code, ''),
               error_text = coalesce(nullif(p_error_text, ''), v_early.error_text, ''),
               advice = p_advice
         where k.tenant_id = p_tenant and k.outbox_id = p_outbox;
        if v_state in ('failed', 'refused', 'parked') then
            perform unsent_note(p_tenant, p_outbox);
            if v_unknown_count > 0 then -- it may not have arrived
                perform person_announce(
                            c, case v_state when 'parked' then 'parked' else 'send_unknown' end,
                            p_error_text)
                   from conversations c
                  where c.tenant_id = p_tenant and c.conversation_id = o.conversation_id;
            end if;
        end if;
        if p_reason_code = 'PAIR_RATE' then
            perform merge_bubbles(o, 4096);
        end if;
        has_next := outbox_settle(p_tenant, o.conversation_id, o.seq,
                                  case when v_state = 'queued' then p_retry_after_ms
                                       when p_next_after_ms > 0 and v_state = 'sent'
                                            and furthest_state(v_state, v_early.status) = 'sent'
                                       then p_next_after_ms end);
    elsif p_outcome = 'sent' then
        -- A status was faster than this result: the message is settled. What is missing is its id, and
        -- what other statuses said of that id alone.
        update outbox k
           set provider_id = coalesce(nullif(o.provider_id, ''), p_provider_id),
               state = furthest_state(o.state, v_early.status),
               sent_at = coalesce(o.sent_at, now())
         where k.tenant_id = p_tenant and k.outbox_id = p_outbox;
        if p_next_after_ms > 0 then -- that status was `sent`: the head is claimed yet; told twice, it is not
            update outbox_queue q
               set due_at = clock_timestamp() + p_next_after_ms * interval '1 ms', claimed_by = ''
             where q.tenant_id = p_tenant and q.conversation_id = o.conversation_id
               and q.head_seq = o.seq and q.claimed_by <> '';
        end if;
    end if;
end
$$;
