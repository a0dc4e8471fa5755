-- rpc: list_products
-- result: many products
-- budget_ms: 100
select p.product_id, p.currency, p.minor_digits, p.unit_price_minor, p.pricing, p.position,
       not p.is_enabled as is_hidden,
       (select coalesce(json_agg(json_build_object('language', n.language, 'name', n.name,
                                                   'unit', n.unit, 'note', n.note,
                                                   'keywords', n.keywords) order by n.language), '[]')
          from product_names n
         where n.tenant_id = p.tenant_id and n.product_id = p.product_id) as names,
       (select coalesce(json_agg(json_build_object('from_quantity', b.from_quantity,
                                                   'unit_price_minor', b.unit_price_minor)
                                 order by b.from_quantity), '[]')
          from price_breaks b
         where b.tenant_id = p.tenant_id and b.product_id = p.product_id) as breaks
  from products p
 where p.tenant_id = :tenant
 order by p.position, p.product_id
 limit 1000
