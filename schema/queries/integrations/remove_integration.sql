-- rpc: remove_integration
-- result: one
-- budget_ms: 100
with gone as (delete from org_integrations i
               where i.tenant_id = :tenant and i.integration_id = :integration_id returning 1)
select exists (select from gone) as was_there
