-- Two roles: parley_migrate owns everything, parley_app owns nothing and is bound by row-level
-- security. A login that may not create roles needs them made once by an administrator; the error
-- says how.
-- session: migrate_roles
do $$
declare
    v_role text;
    v_kind text := case when current_setting('server_version_num')::integer >= 160000 then 'SET'
                        else 'MEMBER' end;
begin
    if current_setting('server_encoding') <> 'UTF8' then
        raise exception 'the database has encoding %, it must be UTF8',
            current_setting('server_encoding');
    end if;
    foreach v_role in array array['parley_migrate', 'parley_app'] loop
        if not exists (select from pg_roles where rolname = v_role) then
            begin
                execute format('create role %I nologin nosuperuser nobypassrls nocreatedb '
                               'nocreaterole', v_role);
            exception
                when duplicate_object or unique_violation then
                    null; -- another database of this cluster is being set up just now
                when insufficient_privilege then
                    raise exception 'role % is missing and % may not create it; as an '
                        'administrator run: create role %; grant % to %',
                        v_role, session_user, v_role, v_role, session_user;
            end;
        end if;
        if not (select rolsuper from pg_roles where rolname = session_user)
           and not pg_has_role(session_user, v_role, v_kind) then
            begin
                execute format('grant %I to %I', v_role, session_user);
            exception when insufficient_privilege then
                raise exception '% may not act as %; as an administrator run: grant % to %',
                    session_user, v_role, v_role, session_user;
            end;
        end if;
    end loop;
    if not has_database_privilege('parley_migrate', current_database(), 'create')
       and not exists (select from pg_namespace n
                        where n.nspname = 'parley' and n.nspowner = 'parley_migrate'::regrole) then
        begin
            execute format('grant create on database %I to parley_migrate', current_database());
        exception when insufficient_privilege then
            null;
        end;
        -- GRANT by somebody who may not is only a warning.
        if not has_database_privilege('parley_migrate', current_database(), 'create') then
            raise exception 'parley_migrate may not create in database %; as its owner run: grant '
                'create on database % to parley_migrate', current_database(), current_database();
        end if;
    end if;
end
$$
