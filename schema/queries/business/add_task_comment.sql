-- rpc: add_task_comment
-- result: one
-- missing: TASK_NOT_FOUND
-- lock_order: 4
-- budget_ms: 50
select k.comment_id::text as comment_id, k.task_title
  from add_task_comment(:tenant, :idempotency_key, :task_id, :text, nullif(:contact_id, '')::uuid,
                        nullif(:conversation_id, '')::uuid, nullif(:turn_id, '')::uuid,
                        :step_key) k
