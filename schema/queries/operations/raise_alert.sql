-- rpc: raise_alert
-- result: none
-- budget_ms: 50
select alert_raise(:tenant, :conversation_id::uuid, :kind, :body)
