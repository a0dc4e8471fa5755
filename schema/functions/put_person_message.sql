-- What a person answers a customer, into the outbox behind what waits there; takes the conversation over
-- if it belongs to anybody else. The same key with the same text again is the message that is there
-- already; with another text it is refused (R-9).
create or replace function put_person_message(
    p_tenant text, p_conversation uuid, p_key text, p_text text, p_by text,
    out outbox_id text, out seq bigint, out was_new boolean, out was_taken_over boolean)
language plpgsql as $$
declare
    c conversations;
    o outbox;
    v_outbox uuid := md5(p_tenant || '/' || p_conversation::text || '/' || p_key)::uuid;
    v_fence bigint;
begin
    select * into c from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation
       for no key update;
    if not found then
        raise exception 'no such conversation' using errcode = 'P4003';
    end if;
    select * into o from outbox k where k.tenant_id = p_tenant and k.outbox_id = v_outbox;
    if found and o.content->>'text' is distinct from p_text then
        raise exception 'this idempotency key was used for another message' using errcode = 'P4004';
    end if;
    was_new := o.outbox_id is null;
    was_taken_over := was_new and c.owner <> 'person';
    if was_new then
        v_fence := case when was_taken_over then change_owner(c, 'person', p_by, 'wrote a message')
                        else c.owner_fence end;
        perform outbox_put(c, null, 'person', v_fence, array[v_outbox],
                           array[json_build_object('type', 'text', 'text', p_text)]);
        update conversations k set next_seq = c.next_seq + 1
         where k.tenant_id = p_tenant and k.conversation_id = p_conversation;
    end if;
    outbox_id := v_outbox::text;
    seq := coalesce(o.seq, c.next_seq);
end
$$;
