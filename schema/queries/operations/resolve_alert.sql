-- rpc: resolve_alert
-- result: one
-- missing: NOT_FOUND
-- scope: system
-- budget_ms: 100
update system_alerts a
   set resolved_at = now(), resolved_by = :actor
 where a.alert_id = :alert_id and a.resolved_at is null
returning a.alert_id
