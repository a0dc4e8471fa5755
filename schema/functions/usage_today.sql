-- Messages the tenant's customers had answered today, in the tenant's time zone.
create or replace function usage_today(p_tenant tenants) returns bigint
language plpgsql stable as $$
begin
    return (select coalesce(sum(u.inbound_count), 0) from usage_daily u
             where u.tenant_id = p_tenant.tenant_id
               and u.day = (now() at time zone p_tenant.timezone)::date);
end
$$;
