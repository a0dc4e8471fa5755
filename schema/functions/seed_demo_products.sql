-- The demo's price table: three products with a volume price, one in tiers, two without breaks.
create or replace function seed_demo_products(p_tenant text) returns void
language plpgsql as $$
begin
    perform put_product(p_tenant, d.product, 'EUR', 2, d.price, d.pricing, d.position, false,
                       (select json_agg(json_build_object(
                                   'language', n.language, 'name', n.name, 'unit', n.unit,
                                   'keywords', n.keywords, 'note', t.note))
                          from demo_product_names() n
                          join (values
                               ('fr', 'hors taxes, fournitures comprises'),
                               ('en', 'before tax, material included'),
                               ('es', 'sin impuestos, material incluido'),
                               ('pt', 'sem impostos, material incluído'),
                               ('de', 'ohne MwSt., mit Material'),
                               ('it', 'IVA esclusa, materiale incluso'),
                               ('ro', 'fără TVA, cu materiale'),
                               ('pl', 'bez VAT, z materiałem'),
                               ('ar', 'قبل الضريبة، شامل المواد')
                               ) t(language, note) on t.language = n.language
                         where n.product = d.product),
                       d.breaks::json)
      from (values
        ('demo-painting', 2500, 'volume', 1, '[{"from_quantity": 50, "unit_price_minor": 2250}, {"from_quantity": 150, "unit_price_minor": 1990}]'),
        ('demo-facade', 3800, 'volume', 2, '[{"from_quantity": 100, "unit_price_minor": 3450}]'),
        ('demo-tiling', 4850, 'volume', 3, '[{"from_quantity": 30, "unit_price_minor": 4400}]'),
        ('demo-insulation', 6500, 'tiered', 4, '[{"from_quantity": 40, "unit_price_minor": 5800}, {"from_quantity": 120, "unit_price_minor": 5200}]'),
        ('demo-bathroom', 650000, 'volume', 5, '[]'),
        ('demo-electrician', 5800, 'volume', 6, '[]')
      ) d(product, price, pricing, position, breaks);
end
$$;
