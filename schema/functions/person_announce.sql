-- Tells the business that a person is wanted (kind: handoff, fallback, send_unknown): an alert for the
-- console, and a message in each way that it has set up.
create or replace function person_announce(p_conversation conversations, p_kind text, p_reason text)
returns void language plpgsql as $$
begin
    perform alert_raise(p_conversation.tenant_id, p_conversation.conversation_id, p_kind, p_reason);
    perform notify_owner(p_conversation.tenant_id, p_conversation.conversation_id, p_kind, p_reason,
                         null);
end
$$;
