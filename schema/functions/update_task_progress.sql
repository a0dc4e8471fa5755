-- Sets a task's progress; 100 is done. No row when there is no such task. The same idempotency key
-- changes nothing and tells how the task stands; the same step of a turn tells what it told then.
create or replace function update_task_progress(
    p_tenant text, p_key text, p_task text, p_progress_pct bigint, p_note text, p_contact uuid,
    p_conversation uuid, p_turn uuid, p_step text)
returns table (title text, progress_pct integer, status text)
language plpgsql as $$
declare
    v_hash bytea := request_hash('update_task_progress', p_contact::text, p_task,
                                 p_progress_pct::text, p_note);
    v_done json := turn_step_done(p_tenant, p_turn, p_step, v_hash);
begin
    if v_done is not null then
        return query select v_done->>'title', (v_done->>'progress_pct')::integer,
                            v_done->>'status';
        return;
    end if;
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
    select t.title, t.progress_pct, t.status into title, progress_pct, status from tasks t
     where t.tenant_id = p_tenant and t.task_id = p_task;
    perform turn_step_receipt(
        p_tenant, p_conversation, p_turn, p_step, v_hash,
        json_build_object('task_id', p_task, 'title', title, 'progress_pct', progress_pct,
                          'status', status));
    return next;
end
$$;
