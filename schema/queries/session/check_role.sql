-- What the working role could do that it must not: the actor does not start then (promises.md
-- S-12).
-- session: check_role
select r.rolname, r.rolsuper, r.rolbypassrls,
       exists (select from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p', 'v'))
           as owns_tables
  from pg_roles r
 where r.rolname = current_user
