-- After a claim that began at p_floor and whose first row was due at p_first_due. 5 s are left
-- below: for rows that others had locked, and for transactions that are not committed yet. Looking
-- at everything is repeated after 5 s, or so rarely that it takes half a percent of the time.
create or replace function claim_floor_raise(p_floor timestamptz, p_first_due timestamptz)
returns void language plpgsql as $$
begin
    perform set_config('parley.claim_floor', (p_first_due - interval '5 s')::text, false);
    if p_floor = '-infinity' then
        perform set_config('parley.claim_all_at', (clock_timestamp() + greatest(
            interval '5 s', 200 * (clock_timestamp() - statement_timestamp())))::text, false);
    end if;
end
$$;
