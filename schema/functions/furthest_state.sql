-- The later of two states of an outbound message (I7). Arrival order does not matter: a read
-- message was delivered, a delivered one did not fail.
create or replace function furthest_state(p_a text, p_b text) returns text
language plpgsql immutable parallel safe as $$
declare
    c_order constant text[] := '{queued,sending,merged,superseded,refused,parked,sent,failed,delivered,read}';
begin
    if p_b is null or p_b = '' then
        return p_a;
    end if;
    return case when array_position(c_order, p_b) > array_position(c_order, p_a) then p_b
                else p_a end;
end
$$;
