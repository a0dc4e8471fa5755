-- With the confidence 0 the intent has the default again.
-- rpc: put_intent_threshold
-- result: none
-- budget_ms: 100
update tenants t
   set intent_thresholds = (
           select jsonb_agg(x order by x ->> 'intent')
             from (select e as x from jsonb_array_elements(coalesce(t.intent_thresholds, '[]')) e
                    where e ->> 'intent' <> :intent
                   union all
                   select jsonb_build_object('intent', :intent, 'confidence', :confidence)
                    where :confidence > 0) kept),
       updated_at = now()
 where t.tenant_id = :tenant
