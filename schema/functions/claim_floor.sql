-- Where a claim begins to look in outbox_queue_due: every send leaves dead entries at the old end
-- of that index until the next vacuum, and each claim would walk over all of them (measured: they
-- doubled its cost in half a minute). The place is kept in the connection's session. From time to
-- time, and on a new connection, a claim looks at everything, so that a row that was committed late
-- is found.
create or replace function claim_floor() returns timestamptz
language plpgsql as $$
begin
    if coalesce(nullif(current_setting('parley.claim_all_at', true), '')::timestamptz <= now(),
                true) then
        return '-infinity';
    end if;
    return coalesce(nullif(current_setting('parley.claim_floor', true), ''),
                    '-infinity')::timestamptz;
end
$$;
