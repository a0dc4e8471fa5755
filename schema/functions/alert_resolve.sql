-- What an alert of a conversation told of is over.
create or replace function alert_resolve(p_conversation conversations, p_kind text, p_by text)
returns void language sql as $$
    update system_alerts a set resolved_at = now(), resolved_by = p_by
     where a.tenant_id = p_conversation.tenant_id and a.resolved_at is null
       and a.conversation_id = p_conversation.conversation_id and a.kind = p_kind
$$;
