-- rpc: list_tenants
-- result: many tenants
-- scope: system
-- budget_ms: 100
-- One step in the primary key for each tenant, however many conversations it has.
with recursive found as (
    (select c.tenant_id from conversations c order by c.tenant_id limit 1)
    union all
    select (select c.tenant_id from conversations c where c.tenant_id > f.tenant_id
             order by c.tenant_id limit 1)
      from found f where f.tenant_id is not null)
select f.tenant_id as tenant from found f where f.tenant_id is not null
 limit 1000
