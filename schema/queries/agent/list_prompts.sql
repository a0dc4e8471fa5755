-- rpc: list_prompts
-- result: many prompts
-- budget_ms: 50
select p.name, p.version, p.text
  from prompts p
 where p.tenant_id = :tenant and p.text <> ''
 order by p.name
 limit 32
