-- rpc: list_handoffs
-- result: many handoffs
-- budget_ms: 100
select c.conversation_id::text as conversation_id, c.owner, k.name as contact_name, c.address, c.channel,
       c.handoff_reason as reason, (extract(epoch from c.owner_since) * 1000)::bigint as since_ms
  from conversations c
  join contacts k on k.tenant_id = c.tenant_id and k.contact_id = c.contact_id
 where c.tenant_id = :tenant and c.owner <> 'bot'
 order by c.owner_since
 limit 1000
