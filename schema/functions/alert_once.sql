-- Tells the business that a person is wanted (person_announce), unless it was told already and nobody
-- has acted since.
create or replace function alert_once(p_conversation conversations, p_kind text, p_reason text)
returns void language plpgsql as $$
begin
    perform 1 from system_alerts a
      where a.tenant_id = p_conversation.tenant_id and a.resolved_at is null
        and a.conversation_id = p_conversation.conversation_id and a.kind = p_kind;
    if not found then
        perform person_announce(p_conversation, p_kind, p_reason);
    end if;
end
$$;
