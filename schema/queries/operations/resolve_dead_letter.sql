-- As retried or as dropped.
-- rpc: resolve_dead_letter
-- result: one
-- missing: NOT_FOUND
-- scope: system
-- budget_ms: 100
update dead_letters d
   set resolved_at = now(), resolution = :action
 where d.dead_letter_id = :dead_letter_id and d.resolved_at is null
returning d.dead_letter_id
