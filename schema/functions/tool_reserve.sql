-- Takes one call out of what a contact (or, with an empty one, the tenant) may still make today. False,
-- and nothing taken, when there is none left; a limit of 0 is none.
create or replace function tool_reserve(
    p_tenant text, p_tool text, p_contact text, p_max_count integer)
returns boolean language plpgsql as $$
begin
    insert into tool_usage as u (tenant_id, tool, contact_id, day, calls_count)
    values (p_tenant, p_tool, p_contact, (now() at time zone 'UTC')::date, 1)
    on conflict (tenant_id, tool, contact_id, day) do update set calls_count = u.calls_count + 1
      where p_max_count = 0 or u.calls_count < p_max_count;
    return found;
end
$$;
