-- Has the turn done something that cannot be undone? Then its answer, which tells of it, must be sent.
create or replace function turn_has_receipt(p_tenant text, p_turn uuid) returns boolean
language sql stable as $$
    select exists (select from turn_steps s
                    where s.tenant_id = p_tenant and s.turn_id = p_turn and s.kind = 'effect')
$$;
