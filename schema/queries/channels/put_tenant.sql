-- An empty field keeps what is there. A time zone that PostgreSQL does not know is refused here,
-- and not at the first turn.
-- rpc: put_tenant
-- result: none
-- budget_ms: 100
insert into tenants as t (tenant_id, name, internal_language, timezone, owner_address,
                          first_sign_ms, answer_ms, loop_turns_max)
select :tenant, :name, coalesce(nullif(:internal_language, ''), 'fr'), z.zone, :owner_address,
       case when :first_sign_ms > 0 then :first_sign_ms else 20000 end,
       case when :answer_ms > 0 then :answer_ms else 60000 end,
       case when :loop_turns_max = 0 then 20 else greatest(:loop_turns_max, 0) end
  from (select coalesce(nullif(:timezone, ''), 'Europe/Paris') as zone) z
 where (now() at time zone z.zone) is not null
on conflict (tenant_id) do update
   set name = excluded.name,
       internal_language = coalesce(nullif(:internal_language, ''), t.internal_language),
       timezone = coalesce(nullif(:timezone, ''), t.timezone),
       owner_address = coalesce(nullif(:owner_address, ''), t.owner_address),
       first_sign_ms = case when :first_sign_ms > 0 then :first_sign_ms else t.first_sign_ms end,
       answer_ms = case when :answer_ms > 0 then :answer_ms else t.answer_ms end,
       loop_turns_max = case when :loop_turns_max = 0 then t.loop_turns_max
                             else greatest(:loop_turns_max, 0) end,
       updated_at = now()
