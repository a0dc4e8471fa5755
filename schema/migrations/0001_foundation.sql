-- Runs as parley_migrate with search_path = parley, public. Migrations are forward only and never
-- edited once released (checksum).
--
-- Conventions of every migration:
--   * the tenant comes first in every key (promises.md D12, I11); keys are text collate "C" or uuid
--   * hot tables (conversations, inbox, turns, outbox, outbox_queue) have no trigger and no foreign
--     key: the functions in schema/functions keep them whole; each index is paid on each message
--   * a table that is looked up through two indexes has collate "POSIX" on the tenant in the second
--     one, and queries that want it say so. It sorts as "C" does, but a query then fits one index
--     only. Both begin with the tenant, and while a table is small or new the planner cannot tell
--     them apart; plans are kept, so a wrong guess at the first message would stay (measured: 30
--     times slower)
--   * each table with a tenant_id is given to protect_tenant_table
create extension if not exists pg_trgm;
create extension if not exists unaccent;

-- Row-level security as promises.md S-12 wants it, the same for every table. Policies apply to the
-- owner too (FORCE). is_swept opens the table to operations whose query says `-- scope: system`.
create procedure protect_tenant_table(p_table regclass, p_is_swept boolean default false)
language plpgsql as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    execute format('create policy tenant_only on %s
        using (tenant_id = nullif(current_setting(''app.tenant'', true), ''''))
        with check (tenant_id = nullif(current_setting(''app.tenant'', true), ''''))', p_table);
    if p_is_swept then
        execute format('create policy system_sweep on %s
            using (current_setting(''app.scope'', true) = ''system'')
            with check (current_setting(''app.scope'', true) = ''system'')', p_table);
    end if;
    execute format('grant select, insert, update on %s to parley_app', p_table);
end
$$;
revoke execute on procedure protect_tenant_table from public;
