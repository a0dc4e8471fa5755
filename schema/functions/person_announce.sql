-- Tells the business that a person is wanted (kind: handoff, fallback, send_unknown): an alert for the
-- console, and a notification that a later version sends.
create or replace function person_announce(p_conversation conversations, p_kind text, p_reason text)
returns void language plpgsql as $$
declare
    v_address text;
begin
    perform alert_raise(p_conversation.tenant_id, p_conversation.conversation_id, p_kind, p_reason);
    select t.owner_address into v_address from tenants t
     where t.tenant_id = p_conversation.tenant_id;
    insert into notifications (tenant_id, kind, channel, address, conversation_id, body)
    values (p_conversation.tenant_id, p_kind, p_conversation.channel, coalesce(v_address, ''),
            p_conversation.conversation_id, p_reason);
end
$$;
