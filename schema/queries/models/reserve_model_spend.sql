-- rpc: reserve_model_spend
-- result: one
-- lock_order: 6
-- budget_ms: 50
select model_reserve(:tenant, :usage_id::uuid, :conversation_id, :role, :amount_micro_usd,
                     :day_limit_micro_usd, :conversation_limit_micro_usd) as refused_by
