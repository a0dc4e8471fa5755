-- No id that uuid7() makes at this time or later is below it.
create or replace function uuid7_floor(p_time timestamptz) returns uuid
language sql stable parallel safe as $$
    select (lpad(to_hex((extract(epoch from p_time) * 1000)::bigint), 12, '0')
            || repeat('0', 20))::uuid
$$;
