-- Gives a conversation, whose row the caller holds, to somebody else. Every change raises owner_fence:
-- what the bot still has to say there is refused from then on (claim_due).
--
-- Waits for a claim that is being committed: claim_due holds the queue's row while it looks at the
-- fence, so what is not `sending` once this has committed will not be sent.
create or replace function change_owner(
    p_conversation conversations, p_owner text, p_by text, p_reason text)
returns bigint language plpgsql as $$
begin
    perform 1 from outbox_queue q
      where q.tenant_id = p_conversation.tenant_id
        and q.conversation_id = p_conversation.conversation_id
        for update;
    update conversations k
       set owner = p_owner, owner_fence = p_conversation.owner_fence + 1,
           owner_since = clock_timestamp(), loop_count = 0, loop_since = null,
           handoff_reason = case when p_owner = 'bot' then '' else p_reason end
     where k.tenant_id = p_conversation.tenant_id
       and k.conversation_id = p_conversation.conversation_id;
    insert into owner_changes (tenant_id, conversation_id, owner_fence, owner, changed_at,
                               changed_by, reason)
    values (p_conversation.tenant_id, p_conversation.conversation_id,
            p_conversation.owner_fence + 1, p_owner, clock_timestamp(), p_by, p_reason);
    if p_owner <> 'nobody' then
        update system_alerts a set resolved_at = now()
         where a.tenant_id = p_conversation.tenant_id and a.resolved_at is null
           and a.conversation_id = p_conversation.conversation_id
           and a.kind = any (case p_owner when 'bot' then '{handoff,poison,unowned,loop}'::text[]
                                  else '{unowned,loop}' end);
    end if;
    return p_conversation.owner_fence + 1;
end
$$;
