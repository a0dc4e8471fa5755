-- The parts of a quantity and what each costs (quote_price).
create or replace function price_parts(p_tenant text, p_product text, p_quantity numeric)
returns table (from_quantity numeric, part numeric, unit_price_minor bigint, amount_minor bigint)
language sql stable as $$
    with steps as (
        select s.from_quantity, s.unit_price_minor,
               lead(s.from_quantity) over (order by s.from_quantity) as up_to
          from (select 0::numeric as from_quantity, p.unit_price_minor from products p
                 where p.tenant_id = p_tenant and p.product_id = p_product
                union all
                select b.from_quantity, b.unit_price_minor from price_breaks b
                 where b.tenant_id = p_tenant and b.product_id = p_product) s),
    parts as (
        select s.from_quantity, s.unit_price_minor,
               case p.pricing
                    when 'tiered' then least(p_quantity, coalesce(s.up_to, p_quantity))
                                       - s.from_quantity
                    when 'volume' then case when p_quantity >= s.from_quantity
                                             and p_quantity < coalesce(s.up_to, p_quantity + 1)
                                            then p_quantity else 0 end end as part
          from steps s, products p
         where p.tenant_id = p_tenant and p.product_id = p_product)
    select k.from_quantity, k.part, k.unit_price_minor,
           round(k.part * k.unit_price_minor)::bigint
      from parts k where k.part > 0
$$;
