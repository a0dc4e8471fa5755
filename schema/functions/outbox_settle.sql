-- The head of a conversation's queue was tried. p_retry_after_ms null: it is settled, the next seq
-- becomes the head and is due, or the queue ends. Otherwise the same head is due again later.
-- Does nothing when p_seq is not the head. True when more is due.
create or replace function outbox_settle(
    p_tenant text, p_conversation uuid, p_seq bigint, p_retry_after_ms bigint)
returns boolean language plpgsql as $$
declare
    v_last bigint;
begin
    if p_retry_after_ms is not null then
        update outbox_queue q
           set due_at = clock_timestamp() + p_retry_after_ms * interval '1 ms', claimed_by = ''
         where q.tenant_id = p_tenant and q.conversation_id = p_conversation
           and q.head_seq = p_seq;
        return false;
    end if;
    delete from outbox_queue q
     where q.tenant_id = p_tenant and q.conversation_id = p_conversation
       and q.head_seq = p_seq and q.last_seq = p_seq;
    if found then
        return false;
    end if;
    update outbox_queue q
       set head_seq = p_seq + 1, due_at = clock_timestamp(), claimed_by = ''
     where q.tenant_id = p_tenant and q.conversation_id = p_conversation and q.head_seq = p_seq;
    return found;
end
$$;
