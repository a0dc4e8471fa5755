-- The bot has something for the owner of the business: an alert in the console, and a message in each way
-- that the tenant has set up. Where to is the tenant's to say, nobody else's. The same key, or step of a
-- turn, says it once.
create or replace function contact_owner(
    p_tenant text, p_key text, p_conversation uuid, p_contact uuid, p_subject text, p_message text,
    p_urgency text, p_turn uuid, p_step text, out ways_count integer, out is_alerted boolean)
language plpgsql as $$
declare
    v_hash bytea := request_hash('contact_owner', p_contact::text, p_subject, p_message, p_urgency);
    v_done json := turn_step_done(p_tenant, p_turn, p_step, v_hash);
    v_who text;
begin
    is_alerted := true;
    if v_done is not null then
        ways_count := v_done->>'ways_count';
        return;
    end if;
    select concat_ws(', ', nullif(c.name, ''), nullif(c.profile->>'email', ''),
                     coalesce(nullif(c.profile->>'phone', ''), k.address))
      into v_who
      from conversations k
      join contacts c on c.tenant_id = k.tenant_id and c.contact_id = k.contact_id
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation;
    if not exists (select from notifications n
                    where n.tenant_id = p_tenant and n.idempotency_key = p_key) then
        perform alert_raise(p_tenant, p_conversation, 'owner', p_subject);
    end if;
    ways_count := notify_owner(p_tenant, p_conversation, case when p_urgency = 'high'
                                                              then 'owner_urgent' else 'owner' end,
                               concat_ws(E'\n\n', p_subject, nullif(p_message, ''), v_who), p_key);
    perform turn_step_receipt(p_tenant, p_conversation, p_turn, p_step, v_hash,
                              json_build_object('ways_count', ways_count, 'subject', p_subject));
end
$$;
