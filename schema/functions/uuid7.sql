-- UUIDv7 as base/id.h makes them: time first, so that index pages of new rows stay warm.
create or replace function uuid7() returns uuid
language sql volatile parallel safe as $$
    select encode(
        set_byte(
            overlay(uuid_send(gen_random_uuid())
                placing substring(
                    int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6),
            6, 112 | (get_byte(uuid_send(gen_random_uuid()), 6) & 15)),
        'hex')::uuid
$$;
