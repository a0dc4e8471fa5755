-- Of every tenant, those of one kind, with their sealed secrets.
-- rpc: list_integrations
-- result: many integrations
-- scope: system
-- budget_ms: 500
select i.tenant_id as of_tenant, i.integration_id, i.kind, i.url, i.config::text as config, i.secret,
       i.pins::text as pins
  from org_integrations i
 where i.is_enabled and i.kind = :kind
 order by i.tenant_id, i.integration_id
 limit 1000
