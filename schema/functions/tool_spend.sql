-- Takes what a call of a tool costs out of what the tenant may spend (model_limits), of the day and of the
-- conversation. Empty: taken; else the limit that does not allow it, and nothing is taken.
create or replace function tool_spend(p_tenant text, p_conversation uuid, p_cost bigint)
returns text language plpgsql as $$
declare
    v_day date := (now() at time zone 'UTC')::date;
    v_day_limit bigint := 0;
    v_conversation_limit bigint := 0;
begin
    select l.day_micro_usd, l.conversation_micro_usd into v_day_limit, v_conversation_limit
      from model_limits l where l.tenant_id = p_tenant;
    if not model_spend_add(p_tenant, '', v_day, p_cost, coalesce(v_day_limit, 0)) then
        return 'spend_day';
    end if;
    if not model_spend_add(p_tenant, p_conversation::text, '-infinity', p_cost,
                           coalesce(v_conversation_limit, 0)) then
        perform model_spend_add(p_tenant, '', v_day, -p_cost, 0);
        return 'spend_conversation';
    end if;
    return '';
end
$$;
