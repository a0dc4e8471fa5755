-- Takes an amount out of what may still be spent, before a model is asked. Refused (the limit's name,
-- nothing taken) when it does not fit; a limit of 0 is none. A call that asks again gets the answer it
-- had. The sums are locked in the order day, conversation.
create or replace function model_reserve(
    p_tenant text, p_usage_id uuid, p_conversation_id text, p_role text, p_amount bigint,
    p_day_limit bigint, p_conversation_limit bigint)
returns text
language plpgsql as $$
declare
    v_day date := (now() at time zone 'UTC')::date;
begin
    if exists (select from model_usage u where u.tenant_id = p_tenant and u.usage_id = p_usage_id) then
        return '';
    end if;
    if not model_spend_add(p_tenant, '', v_day, p_amount, p_day_limit) then
        return 'day';
    end if;
    if p_conversation_id <> '' and not model_spend_add(p_tenant, p_conversation_id, '-infinity',
                                                       p_amount, p_conversation_limit) then
        perform model_spend_add(p_tenant, '', v_day, -p_amount, 0);
        return 'conversation';
    end if;
    insert into model_usage (tenant_id, usage_id, day, conversation_id, role, state, reserved_micro_usd)
    values (p_tenant, p_usage_id, v_day, p_conversation_id, p_role, 'reserved', p_amount);
    return '';
end
$$;
