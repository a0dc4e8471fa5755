-- rpc: remove_product
-- result: one
-- lock_order: 4
-- budget_ms: 50
with names as (delete from product_names n where n.tenant_id = :tenant and n.product_id = :product_id),
     breaks as (delete from price_breaks b where b.tenant_id = :tenant and b.product_id = :product_id),
     gone as (delete from products p
               where p.tenant_id = :tenant and p.product_id = :product_id returning 1)
select exists (select from gone) as was_there
