-- A corrected body, of a letter that is still open.
-- rpc: update_dead_letter
-- result: one
-- missing: NOT_FOUND
-- scope: system
-- budget_ms: 100
update dead_letters d
   set body = :body
 where d.dead_letter_id = :dead_letter_id and d.resolved_at is null
returning d.dead_letter_id
