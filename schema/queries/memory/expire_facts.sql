-- rpc: expire_facts
-- result: many facts
-- scope: system
-- lock_order: 9
-- budget_ms: 500
delete from contact_facts f
 where (f.tenant_id, f.contact_id, f.type, f.value_key) in (
     select o.tenant_id, o.contact_id, o.type, o.value_key from contact_facts o
      where o.expires_at <= now() order by o.expires_at limit 1000 for update skip locked)
returning f.type
