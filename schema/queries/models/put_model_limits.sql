-- rpc: put_model_limits
-- result: none
-- budget_ms: 100
insert into model_limits as l (tenant_id, day_micro_usd, conversation_micro_usd)
values (:tenant, :day_micro_usd, :conversation_micro_usd)
on conflict (tenant_id) do update
   set day_micro_usd = excluded.day_micro_usd,
       conversation_micro_usd = excluded.conversation_micro_usd, updated_at = now()
