-- Whole milliseconds since 1970: what the wire calls ..._at_ms. Stable as extract is: else it is called, not inlined.
create or replace function epoch_ms(p_at timestamptz) returns bigint
language sql stable parallel safe as $$
    select floor(extract(epoch from p_at) * 1000)::bigint
$$;
