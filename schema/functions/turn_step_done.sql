-- The receipt of an effect that this step of the turn had already; null when it had none, or belongs to
-- no turn. The same step with another request is an error, as in turn_step_put. Locks (T2).
create or replace function turn_step_done(p_tenant text, p_turn uuid, p_step text, p_hash bytea)
returns json language plpgsql as $$
declare
    v_hash bytea;
    v_result bytea;
begin
    if p_turn is null then
        return null;
    end if;
    select s.request_hash, s.result into v_hash, v_result from turn_steps s
     where s.tenant_id = p_tenant and s.turn_id = p_turn and s.step_key = p_step
       for update;
    if found and v_hash <> p_hash then
        raise exception 'step % of turn % was recorded with another request', p_step, p_turn
            using errcode = 'P4008';
    end if;
    return convert_from(v_result, 'UTF8')::json;
end
$$;
