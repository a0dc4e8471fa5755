-- rpc: list_tool_policies
-- result: many rules
-- budget_ms: 100
select p.tool, p.flow, p.role, p.contact_id, p.decision, p.turn_max_count::bigint as turn_max_count,
       p.contact_day_max_count::bigint as contact_day_max_count,
       p.tenant_day_max_count::bigint as tenant_day_max_count
  from tool_policies p
 where p.tenant_id = :tenant
 order by p.tool, p.flow, p.role, p.contact_id
 limit 256
