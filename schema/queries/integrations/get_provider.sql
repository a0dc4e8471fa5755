-- Who does the work of a built-in tool's system for this tenant; empty: Parley itself.
-- rpc: get_provider
-- result: one
-- budget_ms: 20
select coalesce((select i.config->>'provider' from org_integrations i
                  where i.tenant_id = :tenant and i.kind = :system and i.is_enabled
                  order by i.integration_id limit 1), '') as provider
