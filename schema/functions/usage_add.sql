-- Counts one turn. The row belongs to this connection (writer), so no two transactions wait for each
-- other here, and a batch of many tenants cannot deadlock with another one.
create or replace function usage_add(
    p_tenant text, p_inbound_count integer, p_outbound_count integer, p_is_fallback boolean)
returns void language plpgsql as $$
begin
    insert into usage_daily as u (tenant_id, day, writer, turns_count, inbound_count,
                                  outbound_count, fallbacks_count)
    values (p_tenant, (now() at time zone coalesce((select t.timezone from tenants t
                                                     where t.tenant_id = p_tenant), 'UTC'))::date,
            pg_backend_pid(), 1, p_inbound_count, p_outbound_count, p_is_fallback::integer)
    on conflict (tenant_id, day, writer) do update
       set turns_count = u.turns_count + 1,
           inbound_count = u.inbound_count + excluded.inbound_count,
           outbound_count = u.outbound_count + excluded.outbound_count,
           fallbacks_count = u.fallbacks_count + excluded.fallbacks_count;
end
$$;
