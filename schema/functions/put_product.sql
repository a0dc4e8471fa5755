-- Writes a product with all its names ([{language, name, unit, note, keywords}]) and breaks
-- ([{from_quantity, unit_price_minor}]); those it had before are gone.
create or replace function put_product(
    p_tenant text, p_product text, p_currency text, p_minor_digits bigint, p_unit_price_minor bigint,
    p_pricing text, p_position bigint, p_is_hidden boolean, p_names json, p_breaks json)
returns void language plpgsql as $$
begin
    if json_array_length(coalesce(p_names, '[]')) = 0 then
        raise exception 'a product needs a name' using errcode = '22023';
    end if;
    insert into products as p (tenant_id, product_id, currency, minor_digits, unit_price_minor,
                               pricing, position, is_enabled)
    values (p_tenant, p_product, p_currency, p_minor_digits, p_unit_price_minor,
            coalesce(nullif(p_pricing, ''), 'volume'), p_position, not p_is_hidden)
    on conflict (tenant_id, product_id) do update
       set currency = excluded.currency, minor_digits = excluded.minor_digits,
           unit_price_minor = excluded.unit_price_minor, pricing = excluded.pricing,
           position = excluded.position, is_enabled = excluded.is_enabled, updated_at = now();
    delete from product_names n where n.tenant_id = p_tenant and n.product_id = p_product;
    delete from price_breaks b where b.tenant_id = p_tenant and b.product_id = p_product;
    insert into product_names (tenant_id, product_id, language, name, unit, note, keywords,
                               name_plain, name_words, keyword_words)
    select p_tenant, p_product, n.language, n.name, coalesce(n.unit, ''), coalesce(n.note, ''),
           coalesce(n.keywords, ''), plain_text(n.name), words_of(n.language, n.name),
           words_of(n.language, coalesce(n.keywords, ''))
      from json_to_recordset(p_names) n(language text, name text, unit text, note text,
                                        keywords text);
    insert into price_breaks (tenant_id, product_id, from_quantity, unit_price_minor)
    select p_tenant, p_product, b.from_quantity, b.unit_price_minor
      from json_to_recordset(coalesce(p_breaks, '[]')) b(from_quantity numeric,
                                                         unit_price_minor bigint);
end
$$;
