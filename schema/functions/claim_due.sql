-- The heads that are due, for a holder to look at: nobody else gets them until p_claim_ms are over. A
-- claim promises nothing and is not kept with the message; a send begins with its INTENT (put_intent).
-- A head that is still in state sending has an INTENT without a RESULT: its outcome is unknown, and
-- counted. p_may_have_lost: the reply of an earlier claim did not arrive, so what this holder has
-- without INTENT is due again. One that the bot wrote before the conversation went to somebody else is refused, and the
-- next one becomes due; a person's own messages are always sent. Waits for nobody (skip locked): what
-- somebody is changing just now is claimed next time. Works on outbox_queue, one row a conversation,
-- so a million messages that wait cost what their conversations cost.
--
-- A loop over small statements, because most claims are of a few rows: as one statement with a CTE
-- for each step, a claim of one row took 340 us, of which 280 were spent on starting the plan.
--
-- The last row has no claim, only next_due_ms: 1 when more may be due already; 250 when something
-- was claimed, so that under load nobody looks further; else when the first of those that wait will
-- be due, or 0 when none waits.
create or replace function claim_due(
    p_holder text, p_max_rows bigint, p_claim_ms bigint, p_may_have_lost boolean)
returns table (tenant text, outbox_id text, conversation_id text, turn_id text, seq bigint,
               attempt integer, channel text, channel_account_id text, address text, phone text,
               content json, unknown_count integer, is_reply boolean, is_opted_out boolean,
               customer_silent_ms bigint, local_minute integer, quiet_from_minute integer,
               quiet_to_minute integer, next_due_ms integer)
language plpgsql as $$
declare
    r record;
    q outbox_queue;
    o outbox;
    v_floor timestamptz := claim_floor();
    v_first_due timestamptz := now();
    v_rows_count bigint := 0;
    v_bytes bigint := 0;
    v_has_more boolean := false;
begin
    if not holder_is_alive(p_holder) then -- who is taken for dead must learn its new name first
        next_due_ms := 250;
        return next;
        return;
    end if;
    if p_may_have_lost then
        update outbox_queue k set due_at = now()
          from outbox w
         where k.claimed_by = p_holder and k.due_at > now()
           and w.tenant_id collate "POSIX" = k.tenant_id
           and w.conversation_id = k.conversation_id and w.seq = k.head_seq and w.state = 'queued';
    end if;
    for r in
        select k as queue, c.owner_fence, c.address, c.phone, c.opted_out_at
          from outbox_queue k
          join conversations c on c.tenant_id = k.tenant_id
           and c.conversation_id = k.conversation_id
         where k.due_at >= v_floor and k.due_at <= now()
         order by k.due_at limit p_max_rows
           for update of k skip locked
    loop
        q := r.queue;
        address := r.address;
        phone := r.phone;
        v_rows_count := v_rows_count + 1;
        v_first_due := least(v_first_due, q.due_at);
        select * into o from outbox k -- as it is now that the queue's row is held
         where k.tenant_id collate "POSIX" = q.tenant_id
           and k.conversation_id = q.conversation_id and k.seq = q.head_seq;
        if o.state not in ('queued', 'sending') then -- a person's phone, or media whose time is over
            v_has_more := outbox_settle(q.tenant_id, q.conversation_id, q.head_seq, null)
                          or v_has_more;
            continue;
        end if;
        -- What was seen of the conversation may be older than the message, so not "<>"; put_intent looks again.
        if o.author = 'bot' and o.owner_fence < r.owner_fence then
            v_has_more := outbox_refuse(o) or v_has_more;
            continue;
        end if;
        -- No more than fits into one message of the bus.
        v_bytes := v_bytes + length(o.content::text);
        if v_bytes > 1048576 and tenant is not null then
            v_has_more := true;
            exit;
        end if;
        unknown_count := o.unknown_count;
        if o.state = 'sending' then
            unknown_count := o.unknown_count + 1;
            update outbox k set state = 'queued', unknown_count = o.unknown_count + 1
             where k.tenant_id = o.tenant_id and k.outbox_id = o.outbox_id;
        end if;
        update outbox_queue k
           set due_at = clock_timestamp() + p_claim_ms * interval '1 ms', claimed_by = p_holder
         where k.tenant_id = q.tenant_id and k.conversation_id = q.conversation_id;
        -- What the policy asks for. A turn answers a message, so its answers need no look at the inbox
        -- as long as they are young; quiet hours are for what is no reply.
        is_reply := o.turn_id is not null or o.author = 'person'
                    or coalesce(o.content ->> 'purpose', '') = 'holding';
        is_opted_out := r.opted_out_at is not null
                        and not (is_reply and o.created_at >= r.opted_out_at
                                 and (o.author = 'bot' or has_written_since(
                                          o.tenant_id, o.conversation_id, r.opted_out_at)));
        customer_silent_ms := coalesce((extract(epoch from now() - case
            when o.turn_id is not null and o.created_at > now() - interval '1 hour'
            then o.created_at else last_customer_at(o.tenant_id, o.conversation_id) end)
            * 1000)::bigint, -1);
        local_minute := 0;
        quiet_from_minute := 0;
        quiet_to_minute := 0;
        if not is_reply then
            select extract(hour from w.at) * 60 + extract(minute from w.at),
                   coalesce(extract(epoch from w.quiet_from) / 60, 0),
                   coalesce(extract(epoch from w.quiet_to) / 60, 0)
              into local_minute, quiet_from_minute, quiet_to_minute
              from (select now() at time zone t.timezone as at, t.quiet_from, t.quiet_to
                      from tenants t
                     where t.tenant_id = o.tenant_id and t.quiet_from is not null
                       and t.quiet_to is not null) w;
            local_minute := coalesce(local_minute, 0);
            quiet_from_minute := coalesce(quiet_from_minute, 0);
            quiet_to_minute := coalesce(quiet_to_minute, 0);
        end if;
        tenant := o.tenant_id;
        outbox_id := o.outbox_id;
        conversation_id := o.conversation_id;
        turn_id := o.turn_id;
        seq := o.seq;
        attempt := o.attempt + 1;
        channel := o.channel;
        channel_account_id := o.channel_account_id;
        content := o.content;
        return next;
    end loop;
    perform claim_floor_raise(v_floor, v_first_due);
    next_due_ms := case
        when v_has_more or v_rows_count = p_max_rows then 1
        when tenant is not null then 250
        else coalesce((select ceil(1000 * extract(epoch from k.due_at - now()))
                         from outbox_queue k where k.due_at > now() order by k.due_at limit 1), 0)
    end;
    tenant := null;
    return next;
end
$$;
