-- Records an effect of a turn in the transaction of the effect: the receipt. Nothing when it belongs to
-- no turn.
create or replace function turn_step_receipt(
    p_tenant text, p_conversation uuid, p_turn uuid, p_step text, p_hash bytea, p_receipt json)
returns void language plpgsql as $$
begin
    if p_turn is not null then
        perform turn_step_put(p_tenant, p_conversation, p_turn, p_step, 'effect', p_hash,
                              convert_to(p_receipt::text, 'UTF8'));
    end if;
end
$$;
