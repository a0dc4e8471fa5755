-- rpc: put_tool_policy
-- result: none
-- budget_ms: 100
with gone as (
    delete from tool_policies p
     where p.tenant_id = :tenant and p.tool = :tool and p.flow = :flow and p.role = :role
       and p.contact_id = :contact_id and :decision::text = 'default')
insert into tool_policies (tenant_id, tool, flow, role, contact_id, decision, turn_max_count,
                           contact_day_max_count, tenant_day_max_count, updated_by)
select :tenant, :tool, :flow, :role, :contact_id, :decision, :turn_max_count::integer,
       :contact_day_max_count::integer, :tenant_day_max_count::integer, :actor
 where :decision::text <> 'default'
on conflict (tenant_id, tool, flow, role, contact_id) do update
   set decision = excluded.decision, turn_max_count = excluded.turn_max_count,
       contact_day_max_count = excluded.contact_day_max_count,
       tenant_day_max_count = excluded.tenant_day_max_count, updated_by = excluded.updated_by,
       updated_at = now()
