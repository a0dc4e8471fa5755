-- Messages of a tenant's customers that turns of today (UTC) answered.
create or replace function usage_today(p_tenant text) returns bigint
language plpgsql stable as $$
begin
    return (select coalesce(sum(u.inbound_count), 0) from usage_daily u
             where u.tenant_id = p_tenant and u.day = (now() at time zone 'UTC')::date);
end
$$;
