-- Has the turn done something that cannot be undone? Then its answer, which tells of it, must be sent. The
-- keys of what a turn does begin with its id.
create or replace function turn_has_receipt(p_tenant text, p_turn uuid) returns boolean
language sql stable as $$
    select exists (select from incidents k where k.tenant_id = p_tenant
                      and k.idempotency_key between p_turn || ':' and p_turn || ';')
        or exists (select from appointments k where k.tenant_id = p_tenant
                      and k.idempotency_key between p_turn || ':' and p_turn || ';')
        or exists (select from progress_updates k where k.tenant_id = p_tenant
                      and k.idempotency_key between p_turn || ':' and p_turn || ';')
$$;
