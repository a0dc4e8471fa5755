-- The customer wrote again before anything of the last answer was sent: the answer is superseded, and its
-- messages wait for a turn again, which finds the conversation as the last one did. The caller
-- holds the conversation's row. False: nothing was to be taken back. Null: somebody looks at the answer
-- just now (claim_due, put_intent); not waited for, because a batch that holds many conversations would
-- meet one that holds many heads.
create or replace function turn_take_back(c conversations) returns boolean
language plpgsql as $$
declare
    t turns;
    q outbox_queue;
    v_count integer;
begin
    t := turn_unsent(c.tenant_id, c.conversation_id);
    if t.turn_id is null then
        return false;
    end if;
    select * into q from outbox_queue k
     where k.tenant_id = c.tenant_id and k.conversation_id = c.conversation_id
       for update skip locked;
    if not found then
        return null;
    end if;
    t := turn_unsent(c.tenant_id, c.conversation_id); -- an INTENT may have been faster
    if t.turn_id is null then
        return false;
    end if;
    perform 1 from outbox o
      where o.tenant_id collate "POSIX" = c.tenant_id and o.conversation_id = c.conversation_id
        and o.seq between q.head_seq and q.last_seq and o.turn_id = t.turn_id
        for no key update skip locked;
    get diagnostics v_count = row_count;
    if v_count < t.outbox_count then
        return null;
    end if;
    update outbox o set state = 'superseded', error_text = 'the customer wrote again before it was sent'
     where o.tenant_id collate "POSIX" = c.tenant_id and o.conversation_id = c.conversation_id
       and o.seq between q.head_seq and q.last_seq and o.turn_id = t.turn_id;
    -- Of others in the queue, claims find the next head.
    delete from outbox_queue k
     where k.tenant_id = c.tenant_id and k.conversation_id = c.conversation_id
       and k.last_seq - k.head_seq + 1 = t.outbox_count;
    update inbox i set turn_id = null
     where i.tenant_id = c.tenant_id and i.conversation_id = c.conversation_id
       and i.turn_id = t.turn_id and i.inbox_seq = any (t.inbox_seqs);
    update turns k set superseded_at = clock_timestamp()
     where k.tenant_id = c.tenant_id and k.conversation_id = c.conversation_id and k.fence = t.fence;
    insert into usage_daily as u (tenant_id, day, writer, inbound_count, outbound_count)
    values (c.tenant_id, (now() at time zone 'UTC')::date, pg_backend_pid(),
            -cardinality(t.inbox_seqs), -t.outbox_count)
    on conflict (tenant_id, day, writer) do update
       set inbound_count = u.inbound_count + excluded.inbound_count,
           outbound_count = u.outbound_count + excluded.outbound_count;
    update conversations k
       set turn_started_at = turn_start_of(t), superseded_count = t.superseded_count,
           flow_state = c.flow_state_before,
           session_id = case when c.session_id = t.turn_id::text then '' else c.session_id end
     where k.tenant_id = c.tenant_id and k.conversation_id = c.conversation_id;
    return true;
end
$$;
