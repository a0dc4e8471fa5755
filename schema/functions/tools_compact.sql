-- Removes what is kept of calls of tools that began before p_before, at most p_max_rows rows of each table
-- and tenant; how many. Ids of turns begin with the time (uuid7). An approval that somebody may still hear
-- of is as young as its turn.
create or replace function tools_compact(p_before timestamptz, p_max_rows bigint)
returns integer language plpgsql as $$
declare
    v_before uuid := uuid7_floor(p_before);
    v_tenant text;
    v_count integer;
    v_removed integer := 0;
begin
    for v_tenant in select t.tenant_id from tenants t order by t.tenant_id
    loop
        delete from tool_executions e
         where e.tenant_id = v_tenant
           and (e.turn_id, e.step_key) in (
               select o.turn_id, o.step_key from tool_executions o
                where o.tenant_id = v_tenant and o.turn_id < v_before
                order by o.turn_id limit p_max_rows
                  for update skip locked);
        get diagnostics v_count = row_count;
        v_removed := v_removed + v_count;
        delete from tool_approvals a
         where a.tenant_id = v_tenant
           and (a.turn_id, a.step_key) in (
               select o.turn_id, o.step_key from tool_approvals o
                where o.tenant_id = v_tenant and o.turn_id < v_before
                order by o.turn_id limit p_max_rows
                  for update skip locked);
        get diagnostics v_count = row_count;
        v_removed := v_removed + v_count;
        delete from tool_usage u
         where u.tenant_id = v_tenant
           and (u.tool, u.contact_id, u.day) in (
               select o.tool, o.contact_id, o.day from tool_usage o
                where o.tenant_id = v_tenant and o.day < (p_before at time zone 'UTC')::date
                limit p_max_rows
                  for update skip locked);
        get diagnostics v_count = row_count;
        v_removed := v_removed + v_count;
    end loop;
    return v_removed;
end
$$;
