-- rpc: quote_price
-- result: one
-- budget_ms: 100
select q.is_known, q.product_id, q.name, q.unit, q.note, q.quantity, q.currency, q.pricing, q.lines,
       q.total_minor, q.total, q.break_from, q.next_break_from, q.next_break_price, q.nearest
  from quote_price(:tenant, :product, :quantity, :language) q
