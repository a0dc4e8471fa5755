-- Conversations with messages that wait and that nobody works on: what a lost hint left behind, and what
-- a holder left that is gone, however young. Living sweepers, of all cells, share the conversations; what
-- waits three times as long is everybody's, should one of them not sweep.
-- rpc: sweep_inbox
-- result: many conversations
-- scope: system
-- lock_order: 9
-- budget_ms: 200
with share as materialized (
    select greatest(count(*), 1)::integer as count, count(*) filter (where k.holder < :holder)::integer as place
      from instances k
     where k.service = 'session' and k.expires_at > now()
)
select distinct on (i.tenant_id, i.conversation_id)
       i.tenant_id as tenant, i.conversation_id::text as conversation_id
  from inbox i
  join conversations c on c.tenant_id = i.tenant_id and c.conversation_id = i.conversation_id
  cross join share s
 where i.turn_id is null and i.starts_turn
   and ((uuid_hash(i.conversation_id) & 2147483647) % s.count = s.place
        or i.received_at <= now() - 3 * :min_age_ms * interval '1 ms')
   and case when c.lease_holder <> '' and c.lease_expires_at > now()
            then not exists (select from instances h
                              where h.holder = c.lease_holder and h.expires_at > now())
            else c.lease_holder <> '' or i.received_at <= now() - :min_age_ms * interval '1 ms' end
 order by i.tenant_id, i.conversation_id
 limit case when :max_rows between 1 and 10000 then :max_rows else 1000 end
