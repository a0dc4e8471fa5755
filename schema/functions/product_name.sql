-- What a product is called in a language; else in the tenant's own, in English, in any.
create or replace function product_name(p_tenant text, p_product text, p_language text)
returns table (name text, unit text, note text) language sql stable as $$
    select n.name, n.unit, n.note
      from product_names n
      left join tenants t on t.tenant_id = n.tenant_id
     where n.tenant_id = p_tenant and n.product_id = p_product
     order by n.language = p_language desc, coalesce(n.language = t.internal_language, false) desc,
              n.language = 'en' desc, n.language
     limit 1
$$;
