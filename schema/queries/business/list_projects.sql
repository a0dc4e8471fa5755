-- rpc: list_projects
-- result: many projects
-- budget_ms: 50
select p.project_id, p.name, p.status, p.city
  from projects p
 where p.tenant_id = :tenant
   and (p.contact_id is null or p.contact_id::text = :contact_id)
 order by p.position, p.name
 limit case when :max_rows between 1 and 100 then :max_rows else 100 end
