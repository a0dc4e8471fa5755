-- rpc: put_notice_message
-- result: one
-- lock_order: 2
-- budget_ms: 50
select put_notice_message(:tenant, :address, :idempotency_key, :text) as was_put
