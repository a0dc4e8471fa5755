-- Does a conversation session that was last active at p_last_at go on now? Not after 7 hours of
-- silence, and not when the tenant's working day began or ended in between: both instants must lie
-- in the same stretch between two such boundaries.
create or replace function is_same_session(p_last_at timestamptz, p_tenant tenants)
returns boolean language plpgsql stable as $$
declare
    v_zone text := coalesce(p_tenant.timezone, 'Europe/Paris');
    v_from time := coalesce(p_tenant.working_from, '06:00');
    v_to time := coalesce(p_tenant.working_to, '20:00');
    v_last timestamp;
    v_now timestamp;
begin
    if p_last_at is null or p_last_at < now() - interval '7 hours' then
        return false;
    end if;
    v_last := p_last_at at time zone v_zone;
    v_now := now() at time zone v_zone;
    return (v_now::date - v_last::date) * 2
           + (v_now::time >= v_from)::integer + (v_now::time >= v_to)::integer
         = (v_last::time >= v_from)::integer + (v_last::time >= v_to)::integer;
end
$$;
