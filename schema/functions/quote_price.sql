-- What a quantity of a product costs. The product is an id, a name in any language, or words in which one
-- is clearly meant; else is_known is false and nearest has what it might be (all products when nothing is
-- near). Quantities are rounded to three decimals; 0 is 1.
--
--   volume  one line: the whole quantity at the price of the highest break that it reaches
--   tiered  a line for each part: up to the first break, from there to the next, ...
--
-- Each line is rounded to a whole minor unit, halves away from zero; the total is the sum of the lines.
create or replace function quote_price(
    p_tenant text, p_product text, p_quantity double precision, p_language text)
returns table (is_known boolean, product_id text, name text, unit text, note text,
               quantity double precision, currency text, pricing text, lines json,
               total_minor bigint, total text, break_from double precision,
               next_break_from double precision, next_break_price text, nearest json)
language plpgsql stable as $$
declare
    v_quantity numeric;
    v_product text;
    v_best double precision;
    v_second double precision;
begin
    if not coalesce(p_quantity between 0 and 1000000, false) then
        raise exception 'a quantity is between 0 and 1000000' using errcode = '22023';
    end if;
    v_quantity := case when round(p_quantity::numeric, 3) = 0 then 1
                       else round(p_quantity::numeric, 3) end;
    quantity := v_quantity;
    select f.product_id, f.score, f.next_score into v_product, v_best, v_second
      from (select s.product_id, s.score, lead(s.score, 1, 0.0) over () as next_score
              from find_products(p_tenant, p_product) s limit 2) f
     limit 1;
    is_known := coalesce(v_best = 1 or (v_best >= 0.55 and v_best - v_second >= 0.12), false);
    if not is_known then
        select coalesce(json_agg(h), '[]') into nearest
          from (select f.product_id, n.name, n.unit, p.currency, p.unit_price_minor,
                       money_text(p.unit_price_minor, p.minor_digits, p.currency, p_language)
                         as unit_price, round(f.score::numeric, 2) as score
                  from (select s.*, max(s.score) over () as best
                          from find_products(p_tenant, p_product) s) f
                  join products p on p.tenant_id = p_tenant and p.product_id = f.product_id
                 cross join lateral product_name(p_tenant, f.product_id, p_language) n
                 where f.score >= 0.25 or f.best < 0.25
                 order by case when f.best >= 0.25 then f.score end desc, p.position, p.product_id limit 10) h;
        return next;
        return;
    end if;
    select v_product, n.name, n.unit, n.note, p.currency, p.pricing, l.lines, l.total_minor,
           money_text(l.total_minor, p.minor_digits, p.currency, p_language),
           coalesce(b.reached, 0),
           coalesce(b.ahead, 0),
           (select money_text(k.unit_price_minor, p.minor_digits, p.currency, p_language)
              from price_breaks k where k.tenant_id = p_tenant and k.product_id = v_product
               and k.from_quantity = b.ahead)
      into product_id, name, unit, note, currency, pricing, lines, total_minor, total, break_from,
           next_break_from, next_break_price
      from products p
     cross join lateral product_name(p_tenant, v_product, p_language) n
     cross join lateral (
           select max(k.from_quantity) filter (where k.from_quantity <= v_quantity) as reached,
                  min(k.from_quantity) filter (where k.from_quantity > v_quantity) as ahead
             from price_breaks k
            where k.tenant_id = p_tenant and k.product_id = v_product) b
     cross join lateral (
           select json_agg(json_build_object(
                      'from_quantity', t.from_quantity, 'quantity', t.part,
                      'unit_price_minor', t.unit_price_minor,
                      'unit_price', money_text(t.unit_price_minor, p.minor_digits, p.currency,
                                               p_language),
                      'amount_minor', t.amount_minor,
                      'amount', money_text(t.amount_minor, p.minor_digits, p.currency, p_language))
                      order by t.from_quantity) as lines,
                  sum(t.amount_minor)::bigint as total_minor
             from price_parts(p_tenant, v_product, v_quantity) t) l
     where p.tenant_id = p_tenant and p.product_id = v_product;
    next_break_price := coalesce(next_break_price, '');
    nearest := '[]';
    return next;
end
$$;
