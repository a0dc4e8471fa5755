-- The claims of a holder that is gone. Nobody will record what became of those with INTENT: they are due
-- once the statuses had p_delay_ms to say it. The others, which nobody asked the channel for, are due now. A
-- row that somebody has just now is left to run out.
create or replace function claims_release(p_holder text, p_delay_ms bigint) returns void
language plpgsql as $$
begin
    with claimed as (
        select q.tenant_id, q.conversation_id,
               now() + case when o.state = 'sending' then p_delay_ms else 0 end
                       * interval '1 ms' as due_at
          from outbox_queue q
          join outbox o on o.tenant_id collate "POSIX" = q.tenant_id
                       and o.conversation_id = q.conversation_id and o.seq = q.head_seq
         where q.due_at > now() and q.claimed_by = p_holder
           for update of q skip locked)
    update outbox_queue q set due_at = least(q.due_at, c.due_at)
      from claimed c
     where q.tenant_id = c.tenant_id and q.conversation_id = c.conversation_id;
end
$$;
