-- Removes the journals of turns that were opened before p_before, at most p_max_rows rows a tenant; how
-- many. Ids of turns begin with the time (uuid7), so the oldest are first in the index.
create or replace function journal_compact(p_before timestamptz, p_max_rows bigint)
returns integer language plpgsql as $$
declare
    v_before uuid := uuid7_floor(p_before);
    v_tenant text;
    v_count integer;
    v_removed integer := 0;
begin
    for v_tenant in -- one step in the index for each tenant
        with recursive found as (
            (select s.tenant_id from turn_steps s order by s.tenant_id limit 1)
            union all
            select (select s.tenant_id from turn_steps s where s.tenant_id > f.tenant_id
                     order by s.tenant_id limit 1)
              from found f where f.tenant_id is not null)
        select f.tenant_id from found f where f.tenant_id is not null
    loop
        delete from turn_steps s
         where s.tenant_id = v_tenant
           and (s.turn_id, s.step_key) in (
               select o.turn_id, o.step_key from turn_steps o
                where o.tenant_id = v_tenant and o.turn_id < v_before
                order by o.turn_id limit p_max_rows
                  for update skip locked);
        get diagnostics v_count = row_count;
        v_removed := v_removed + v_count;
    end loop;
    return v_removed;
end
$$;
