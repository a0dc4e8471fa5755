-- Sets a task's progress; 100 is done. No row when there is no such task. The same idempotency key
-- changes nothing and tells how the task stands.
create or replace function update_task_progress(
    p_tenant text, p_key text, p_task text, p_progress_pct bigint, p_note text, p_contact uuid)
returns table (title text, progress_pct integer, status text)
language plpgsql as $$
begin
    perform from tasks t where t.tenant_id = p_tenant and t.task_id = p_task for update;
    if not found then
        return;
    end if;
    if not exists (select from progress_updates u
                    where u.tenant_id = p_tenant and u.idempotency_key = p_key) then
        insert into progress_updates (tenant_id, idempotency_key, task_id, contact_id, progress_pct,
                                      note)
        values (p_tenant, p_key, p_task, p_contact, p_progress_pct, p_note);
        update tasks t
           set progress_pct = p_progress_pct, updated_at = now(),
               status = case when p_progress_pct >= 100 then 'done'
                             when p_progress_pct > 0 then 'in_progress' else 'open' end
         where t.tenant_id = p_tenant and t.task_id = p_task;
    end if;
    return query select t.title, t.progress_pct, t.status from tasks t
                  where t.tenant_id = p_tenant and t.task_id = p_task;
end
$$;
