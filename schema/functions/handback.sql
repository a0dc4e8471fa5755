-- A person gives a conversation back to the bot: by its id, or by the customer's address among
-- those that are handed over, or silent because of a loop. Asking again changes nothing. What customers wrote meanwhile is in turns
-- that said nothing: the person's to answer, and the bot reads it as history. What is pending just now
-- (pending_count) is the first message that the bot answers.
create or replace function handback(
    p_tenant text, p_conversation uuid, p_address text, p_by text,
    out conversation_id uuid, out was_handed_back boolean, out pending_count integer)
language plpgsql as $$
declare
    c conversations;
begin
    if p_conversation is not null then
        select * into c from conversations k
         where k.tenant_id = p_tenant and k.conversation_id = p_conversation
           for no key update;
    else
        select * into c from conversations k
         where k.tenant_id = p_tenant and (k.owner <> 'bot' or k.loop_since is not null)
           and p_address <> '' and p_address in (k.address, k.phone)
         order by k.owner_since limit 1
           for no key update;
    end if;
    if not found then
        return;
    end if;
    conversation_id := c.conversation_id;
    was_handed_back := c.owner <> 'bot' or c.loop_since is not null;
    if c.owner = 'bot' and c.loop_since is not null then
        update conversations k set loop_count = 0, loop_since = null
         where k.tenant_id = p_tenant and k.conversation_id = c.conversation_id;
        perform alert_resolve(c, 'loop', p_by);
    elsif was_handed_back then
        perform change_owner(c, 'bot', p_by, '');
    end if;
    select count(*) into pending_count from inbox i
     where i.tenant_id = p_tenant and i.conversation_id = c.conversation_id
       and i.turn_id is null and i.starts_turn;
end
$$;
