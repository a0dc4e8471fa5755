-- rpc: put_tool_value
-- result: none
-- budget_ms: 100
with gone as (
    delete from tool_values v
     where v.tenant_id = :tenant and v.kind = :kind and v.value = :value and :is_removed::boolean)
insert into tool_values (tenant_id, kind, value, updated_by)
select :tenant, :kind, :value, :actor where not :is_removed::boolean
on conflict (tenant_id, kind, value) do update set updated_by = excluded.updated_by, updated_at = now()
