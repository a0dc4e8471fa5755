-- Ends a head that the bot wrote before the conversation went to somebody else; true when more is due.
create or replace function outbox_refuse(o outbox) returns boolean
language plpgsql as $$
begin
    update outbox k
       set state = 'refused', failed_at = now(), error_code = 'WRONG_OWNER',
           error_text = 'somebody else had the conversation before this was sent',
           advice = 'write it yourself, or give the conversation back to the bot'
     where k.tenant_id = o.tenant_id and k.outbox_id = o.outbox_id;
    perform unsent_note(o.tenant_id, o.outbox_id);
    return outbox_settle(o.tenant_id, o.conversation_id, o.seq, null);
end
$$;
