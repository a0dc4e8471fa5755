-- A notification as a message of the bot in the owner's own conversation (the newest with this address), once
-- a key. False: there is no such conversation. Who has it stays.
create or replace function put_notice_message(
    p_tenant text, p_address text, p_key text, p_text text)
returns boolean language plpgsql as $$
declare
    c conversations;
    v_outbox uuid := md5(p_tenant || '/notice/' || p_key)::uuid;
begin
    select * into c from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = find_conversation(p_tenant, p_address)
       for no key update;
    if not found then
        return false;
    end if;
    if not exists (select from outbox o where o.tenant_id = p_tenant and o.outbox_id = v_outbox) then
        perform outbox_put(c, null, 'bot', c.owner_fence, array[v_outbox],
                           array[json_build_object('type', 'text', 'text', p_text)]);
        update conversations k set next_seq = c.next_seq + 1
         where k.tenant_id = p_tenant and k.conversation_id = c.conversation_id;
        perform hint_send('delivery', p_tenant, c.conversation_id);
    end if;
    return true;
end
$$;
