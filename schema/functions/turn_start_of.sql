-- When a committed turn began, and with it its deadline.
create or replace function turn_start_of(p_turn turns) returns timestamptz
language sql stable as $$
    select p_turn.committed_at - p_turn.duration_ms * interval '1 ms'
$$;
