-- What an effect was asked to do, as the journal remembers it.
create or replace function request_hash(variadic p_values text[]) returns bytea
language sql immutable parallel safe as $$
    select sha256(convert_to(array_to_json(p_values)::text, 'UTF8'))
$$;
