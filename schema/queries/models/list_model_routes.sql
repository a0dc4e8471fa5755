-- Every model of every tenant with the (sealed) key to ask it, and every tenant's limits: a tenant that
-- has limits only is a row without a role.
-- rpc: list_model_routes
-- result: many routes
-- scope: system
-- budget_ms: 500
select coalesce(r.tenant_id, l.tenant_id) as tenant, coalesce(r.role, '') as role,
       coalesce(r.position, 0) as position, coalesce(r.provider_id, '') as provider_id,
       coalesce(r.dialect, '') as dialect, coalesce(r.base_url, '') as base_url,
       coalesce(r.api_key, '') as api_key, coalesce(r.model, '') as model,
       coalesce(r.options, '') as options,
       coalesce(r.concurrency_max_count, 0) as concurrency_max_count,
       coalesce(r.requests_per_minute, 0) as requests_per_minute,
       coalesce(l.day_micro_usd, 0) as day_micro_usd,
       coalesce(l.conversation_micro_usd, 0) as conversation_micro_usd
  from (select m.tenant_id, m.role, m.position, m.provider_id, p.dialect, p.base_url, p.api_key,
               m.model, m.options, p.concurrency_max_count, p.requests_per_minute
          from model_roles m
          join model_providers p on p.tenant_id = m.tenant_id and p.provider_id = m.provider_id
         where p.is_enabled) r
  full join model_limits l on l.tenant_id = r.tenant_id
 order by 1, 2, 3
 limit 20000
