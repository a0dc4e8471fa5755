-- rpc: claim_notices
-- result: many notices
-- scope: system
-- lock_order: 9
-- budget_ms: 100
select k.tenant as of_tenant, k.notification_id, k.integration_id, k.kind, k.body, k.conversation_id,
       k.created_at_ms, k.attempt, k.way, k.url, k.config, k.secret
  from notices_claim(case when :max_rows between 1 and 100 then :max_rows else 16 end,
                     :claim_ms) k
