-- Adds to one sum of model_spend, unless the sum passes the limit (0: none).
create or replace function model_spend_add(p_tenant text, p_conversation_id text, p_day date,
                                           p_amount bigint, p_limit bigint) returns boolean
language plpgsql as $$
begin
    if p_limit > 0 and p_amount > p_limit then
        return false;
    end if;
    insert into model_spend as s (tenant_id, conversation_id, day, amount_micro_usd)
    values (p_tenant, p_conversation_id, p_day, p_amount)
    on conflict (tenant_id, conversation_id, day) do update
       set amount_micro_usd = s.amount_micro_usd + excluded.amount_micro_usd
     where p_limit = 0 or s.amount_micro_usd + excluded.amount_micro_usd <= p_limit;
    return found;
end
$$;
