-- A person takes a conversation (p_owner person), or takes it from everybody (nobody): by its id, or
-- by the customer's address. Asking again changes nothing. in_flight_outbox_id: the one message of the
-- bot that may have left already, because its channel was being asked just then; no other follows.
create or replace function take_over(
    p_tenant text, p_conversation uuid, p_address text, p_owner text, p_by text, p_reason text,
    out conversation_id uuid, out was_taken_over boolean, out owner text, out owner_fence bigint,
    out in_flight_outbox_id text)
language plpgsql as $$
declare
    c conversations;
    v_owner text := coalesce(nullif(p_owner, ''), 'person');
begin
    if v_owner not in ('person', 'nobody') then
        raise exception 'owner is none of person, nobody' using errcode = '22023';
    end if;
    select * into c from conversations k
     where k.tenant_id = p_tenant
       and k.conversation_id = coalesce(p_conversation, find_conversation(p_tenant, p_address))
       for no key update;
    if not found then
        raise exception 'no such conversation' using errcode = 'P4003';
    end if;
    conversation_id := c.conversation_id;
    owner := v_owner;
    was_taken_over := c.owner <> v_owner;
    owner_fence := case when was_taken_over then change_owner(c, v_owner, p_by, p_reason)
                        else c.owner_fence end;
    select o.outbox_id::text into in_flight_outbox_id
      from outbox_queue q
      join outbox o on o.tenant_id collate "POSIX" = q.tenant_id
                   and o.conversation_id = q.conversation_id and o.seq = q.head_seq
     where q.tenant_id = p_tenant and q.conversation_id = c.conversation_id
       and o.state = 'sending' and o.author = 'bot';
    in_flight_outbox_id := coalesce(in_flight_outbox_id, '');
end
$$;
