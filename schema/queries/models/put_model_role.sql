-- Which model answers a role at a position; without a provider the position is taken away.
-- rpc: put_model_role
-- result: none
-- budget_ms: 100
with gone as (
    delete from model_roles
     where tenant_id = :tenant and role = :role and position = :position and :provider_id = ''
)
insert into model_roles as r (tenant_id, role, position, provider_id, model, options)
select :tenant, :role, :position, :provider_id, :model, :options
 where :provider_id <> ''
on conflict (tenant_id, role, position) do update
   set provider_id = excluded.provider_id, model = excluded.model, options = excluded.options,
       updated_at = now()
