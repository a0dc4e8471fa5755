-- The row of a tenant, or what a new one would have where there is none: messages of an account come in
-- before anybody has described the business.
create or replace function tenant_of(p_tenant text) returns tenants
language plpgsql stable as $$
declare
    t tenants;
begin
    select * into t from tenants k where k.tenant_id = p_tenant;
    if not found then
        t.tenant_id := p_tenant;
        t.name := p_tenant;
        t.internal_language := 'fr';
        t.first_sign_ms := 20000;
        t.answer_ms := 60000;
        t.loop_turns_max := 0;
    end if;
    return t;
end
$$;
