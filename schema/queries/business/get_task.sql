-- One task with its description.
-- rpc: get_task
-- result: one
-- missing: TASK_NOT_FOUND
-- budget_ms: 50
select t.task_id, p.name as project_name, t.title, t.description, t.status, t.progress_pct,
       coalesce(t.due_on::text, '') as due_on
  from tasks t
  join projects p on p.tenant_id = t.tenant_id and p.project_id = t.project_id
 where t.tenant_id = :tenant and t.task_id = :task_id
