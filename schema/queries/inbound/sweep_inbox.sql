-- Conversations with messages that wait and that nobody works on: what a lost hint left behind.
-- rpc: sweep_inbox
-- result: many conversations
-- scope: system
-- lock_order: 9
-- budget_ms: 200
select distinct on (i.tenant_id, i.conversation_id)
       i.tenant_id as tenant, i.conversation_id::text as conversation_id
  from inbox i
 where i.turn_id is null and i.starts_turn
   and i.received_at <= now() - :min_age_ms * interval '1 ms'
   and not exists (select from conversations c
                    where c.tenant_id = i.tenant_id and c.conversation_id = i.conversation_id
                      and c.lease_holder <> '' and c.lease_expires_at > now())
 order by i.tenant_id, i.conversation_id
 limit case when :max_rows between 1 and 10000 then :max_rows else 1000 end
