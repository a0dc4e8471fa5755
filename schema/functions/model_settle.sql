-- Records what a call took, once, and puts what it cost in the place of what was reserved. Without a
-- known cost the reservation stays: it is the best that is known.
create or replace function model_settle(p_tenant text, p_row model_usage) returns void
language plpgsql as $$
declare
    v_day date := (now() at time zone 'UTC')::date;
    v_reserved bigint := 0;
begin
    select u.day, u.reserved_micro_usd into v_day, v_reserved from model_usage u
     where u.tenant_id = p_tenant and u.usage_id = p_row.usage_id and u.state = 'reserved'
       for update;
    if not found then
        v_day := (now() at time zone 'UTC')::date;
        v_reserved := 0;
    end if;
    insert into model_usage as u (tenant_id, usage_id, day, conversation_id, role, provider, model, state,
                                  outcome, reserved_micro_usd, cost_micro_usd, input_tokens,
                                  cache_read_tokens, cache_write_tokens, cache_write_1h_tokens,
                                  output_tokens, audio_ms, requests_count, duration_ms)
    values (p_tenant, p_row.usage_id, v_day, p_row.conversation_id, p_row.role, p_row.provider,
            p_row.model, 'settled', p_row.outcome, v_reserved, p_row.cost_micro_usd,
            p_row.input_tokens, p_row.cache_read_tokens, p_row.cache_write_tokens,
            p_row.cache_write_1h_tokens, p_row.output_tokens, p_row.audio_ms, p_row.requests_count,
            p_row.duration_ms)
    on conflict (tenant_id, usage_id) do update
       set state = 'settled', provider = excluded.provider, model = excluded.model,
           outcome = excluded.outcome, cost_micro_usd = excluded.cost_micro_usd,
           input_tokens = excluded.input_tokens, cache_read_tokens = excluded.cache_read_tokens,
           cache_write_tokens = excluded.cache_write_tokens,
           cache_write_1h_tokens = excluded.cache_write_1h_tokens,
           output_tokens = excluded.output_tokens, audio_ms = excluded.audio_ms,
           requests_count = excluded.requests_count, duration_ms = excluded.duration_ms
     where u.state = 'reserved';
    if not found or p_row.cost_micro_usd is null or p_row.cost_micro_usd = v_reserved then
        return;
    end if;
    perform model_spend_add(p_tenant, '', v_day, p_row.cost_micro_usd - v_reserved, 0);
    if p_row.conversation_id <> '' then
        perform model_spend_add(p_tenant, p_row.conversation_id, '-infinity',
                                p_row.cost_micro_usd - v_reserved, 0);
    end if;
end
$$;
