-- The tasks of one project, or of all; what is still open first.
-- rpc: list_tasks
-- result: many tasks
-- budget_ms: 50
select t.task_id, p.name as project_name, t.title, t.status, t.progress_pct,
       coalesce(t.due_on::text, '') as due_on
  from tasks t
  join projects p on p.tenant_id = t.tenant_id and p.project_id = t.project_id
 where t.tenant_id = :tenant and (:project_id = '' or t.project_id = :project_id)
 order by t.status = 'done', p.position, t.position, t.task_id
 limit case when :max_rows between 1 and 100 then :max_rows else 100 end
