-- A remark on a task, once a key or step of a turn. No row when there is no such task.
create or replace function add_task_comment(
    p_tenant text, p_key text, p_task text, p_text text, p_contact uuid, p_conversation uuid,
    p_turn uuid, p_step text)
returns table (comment_id uuid, task_title text) language plpgsql as $$
declare
    v_hash bytea := request_hash('add_task_comment', p_contact::text, p_task, p_text);
    v_done json := turn_step_done(p_tenant, p_turn, p_step, v_hash);
begin
    if v_done is not null then
        return query select (v_done->>'comment_id')::uuid, v_done->>'task_title';
        return;
    end if;
    select t.title into task_title from tasks t
     where t.tenant_id = p_tenant and t.task_id = p_task
       for share;
    if not found then
        return;
    end if;
    insert into task_comments as k (tenant_id, comment_id, idempotency_key, task_id, contact_id, text)
    values (p_tenant, uuid7(), p_key, p_task, p_contact, p_text)
    on conflict (tenant_id, idempotency_key) do update set idempotency_key = p_key
    returning k.comment_id into comment_id;
    perform turn_step_receipt(
        p_tenant, p_conversation, p_turn, p_step, v_hash,
        json_build_object('comment_id', comment_id, 'task_id', p_task, 'task_title', task_title));
    return next;
end
$$;
