-- rpc: put_product
-- result: none
-- lock_order: 4
-- budget_ms: 50
select put_product(:tenant, :product_id, :currency, :minor_digits, :unit_price_minor, :pricing,
                   :position, :is_hidden, :names, :breaks)
