-- The heads that are due, with INTENT recorded (D5): state sending, attempt + 1, and a due time at
-- which the claim runs out. A head that is still in state sending then has no recorded result: its
-- claim is ambiguous, and counted in unknown_count. A head that the bot wrote before
-- the conversation went to somebody else is refused as WRONG_OWNER, and the next one becomes due; a person's own messages are always
-- sent. Waits for nobody (skip locked): what somebody is changing just now
-- is claimed next time. Works on outbox_queue, one row a conversation, so a million messages that
-- wait cost what their conversations cost.
--
-- A loop over small statements, because most claims are of a few rows: as one statement with a CTE
-- for each step, a claim of one row took 340 us, of which 280 were spent on starting the plan.
--
-- The last row has no claim, only next_due_ms: 1 when more may be due already; 250 when something
-- was claimed, so that under load nobody looks further; else when the first of those that wait will
-- be due, or 0 when none waits.
create or replace function claim_due(
    p_holder text, p_max_rows bigint, p_claim_ms bigint)
returns table (tenant text, outbox_id text, conversation_id text, turn_id text, seq bigint,
               attempt integer, channel text, channel_account_id text, address text, phone text,
               content json, unknown_count integer, next_due_ms integer)
language plpgsql as $$
declare
    q outbox_queue;
    o outbox;
    v_owner_fence bigint;
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
    for q in
        select * from outbox_queue k
         where k.due_at >= v_floor and k.due_at <= now()
         order by k.due_at limit p_max_rows
           for update skip locked
    loop
        v_rows_count := v_rows_count + 1;
        v_first_due := least(v_first_due, q.due_at);
        select * into o from outbox k
         where k.tenant_id collate "POSIX" = q.tenant_id
           and k.conversation_id = q.conversation_id and k.seq = q.head_seq;
        select k.owner_fence, k.address, k.phone into v_owner_fence, address, phone
          from conversations k
         where k.tenant_id = q.tenant_id and k.conversation_id = q.conversation_id;
        if o.author = 'bot' and o.owner_fence <> v_owner_fence then
            update outbox k
               set state = 'refused', failed_at = now(), error_code = 'WRONG_OWNER',
                   error_text = 'somebody else had the conversation before this was sent',
                   advice = 'write it yourself, or give the conversation back to the bot'
             where k.tenant_id = o.tenant_id and k.outbox_id = o.outbox_id;
            v_has_more := outbox_settle(q.tenant_id, q.conversation_id, q.head_seq, null)
                          or v_has_more;
            continue;
        end if;
        -- No more than fits into one message of the bus.
        v_bytes := v_bytes + length(o.content::text);
        if v_bytes > 1048576 and tenant is not null then
            v_has_more := true;
            exit;
        end if;
        unknown_count := o.unknown_count + (o.state = 'sending')::integer;
        update outbox k
           set state = 'sending', attempt = o.attempt + 1, claimed_by = p_holder,
               unknown_count = claim_due.unknown_count
         where k.tenant_id = o.tenant_id and k.outbox_id = o.outbox_id;
        update outbox_queue k set due_at = clock_timestamp() + p_claim_ms * interval '1 ms'
         where k.tenant_id = q.tenant_id and k.conversation_id = q.conversation_id;
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
