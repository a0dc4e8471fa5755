-- Whole milliseconds since 1970: what the wire calls ..._at_ms.
create or replace function epoch_ms(p_at timestamptz) returns bigint
language sql immutable parallel safe as $$
    select floor(extract(epoch from p_at) * 1000)::bigint
$$;
