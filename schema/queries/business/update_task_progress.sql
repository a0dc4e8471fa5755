-- rpc: update_task_progress
-- result: one
-- missing: TASK_NOT_FOUND
-- lock_order: 4
-- budget_ms: 50
select u.title, u.progress_pct, u.status
  from update_task_progress(:tenant, :idempotency_key, :task_id, :progress_pct, :note,
                            nullif(:contact_id, '')::uuid, nullif(:conversation_id, '')::uuid,
                            nullif(:turn_id, '')::uuid, :step_key) u
