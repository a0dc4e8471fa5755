-- A turn takes long: its lease is prolonged, and with a content the customer is told, once a turn, that the
-- answer is being worked on. False, and nothing done, when the fence is not the current one.
create or replace function turn_keep(
    p_tenant text, p_conversation uuid, p_fence bigint, p_lease_ms bigint, p_content json,
    out is_kept boolean, out outbox_count integer)
language plpgsql as $$
declare
    c conversations;
    v_outbox_id uuid;
begin
    is_kept := false;
    outbox_count := 0;
    select * into c from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation
       for no key update;
    if not found or c.lease_fence <> p_fence or c.lease_holder = '' then
        return;
    end if;
    is_kept := true;
    v_outbox_id := md5(c.turn_id || ':first_sign')::uuid;
    if p_content ->> 'type' <> '' and c.owner = 'bot' -- not there: JSON's null
       and not exists (select from outbox o
                        where o.tenant_id = p_tenant and o.outbox_id = v_outbox_id) then
        outbox_count := outbox_put(c, null, 'bot', c.owner_fence, array[v_outbox_id],
                                   array[p_content]);
    end if;
    update conversations k
       set lease_expires_at = clock_timestamp() + p_lease_ms * interval '1 ms',
           next_seq = c.next_seq + outbox_count
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation;
end
$$;
