-- The claims of a holder that is gone: nobody will record what became of them. They are due once the
-- statuses had p_delay_ms to say it. Looks only at heads that are due later than that, not at the queue; a
-- row that somebody has just now is left to run out.
create or replace function claims_release(p_holder text, p_delay_ms bigint) returns void
language plpgsql as $$
begin
    with claimed as (
        select q.tenant_id, q.conversation_id
          from outbox_queue q
          join outbox o on o.tenant_id collate "POSIX" = q.tenant_id
                       and o.conversation_id = q.conversation_id and o.seq = q.head_seq
         where q.due_at > now() + p_delay_ms * interval '1 ms'
           and o.state = 'sending' and o.claimed_by = p_holder
           for update of q skip locked)
    update outbox_queue q set due_at = now() + p_delay_ms * interval '1 ms'
      from claimed c
     where q.tenant_id = c.tenant_id and q.conversation_id = c.conversation_id;
end
$$;
