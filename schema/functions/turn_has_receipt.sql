-- Has the turn done something that cannot be undone? Then its answer, which tells of it, must be sent.
-- Not in SQL: a function with a subquery is not inlined, and would be planned at each call.
create or replace function turn_has_receipt(p_tenant text, p_turn uuid) returns boolean
language plpgsql stable as $$
begin
    return exists (select from turn_steps s
                    where s.tenant_id = p_tenant and s.turn_id = p_turn and s.kind = 'effect');
end
$$;
