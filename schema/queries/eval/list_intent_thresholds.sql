-- rpc: list_intent_thresholds
-- result: many thresholds
-- budget_ms: 100
select x.intent, x.confidence
  from tenants t
 cross join lateral jsonb_to_recordset(coalesce(t.intent_thresholds, '[]'))
       as x(intent text, confidence double precision)
 where t.tenant_id = :tenant
 order by x.intent
 limit 32
