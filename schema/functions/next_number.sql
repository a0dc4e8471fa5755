-- The next number of a kind for a tenant, for things a customer can quote.
create or replace function next_number(p_tenant text, p_kind text) returns bigint
language plpgsql as $$
declare
    v_number bigint;
begin
    insert into counters as c (tenant_id, kind, value) values (p_tenant, p_kind, 1)
    on conflict (tenant_id, kind) do update set value = c.value + 1
    returning c.value into v_number;
    return v_number;
end
$$;
