-- The tenant's working hours, and whether it works now, by the clock of its place.
-- rpc: get_business_hours
-- result: one
-- missing: NOT_FOUND
-- budget_ms: 50
select t.timezone as time_zone, to_char(t.working_from, 'HH24:MI') as opens_at,
       to_char(t.working_to, 'HH24:MI') as closes_at,
       to_char(now() at time zone t.timezone, 'HH24:MI') as local_time,
       (now() at time zone t.timezone)::time >= t.working_from
         and (now() at time zone t.timezone)::time < t.working_to as is_open
  from tenants t
 where t.tenant_id = :tenant
