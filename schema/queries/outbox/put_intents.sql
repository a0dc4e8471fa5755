-- rpc: put_intents
-- result: many intents
-- arrays: intents
-- scope: system
-- key: holder
-- lock_order: 9
-- budget_ms: 100
select i.outbox_id, i.verdict
  from put_intent(:holder, :of_tenant, :conversation_id, :outbox_id, :attempt) i
