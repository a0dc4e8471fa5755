-- The turn that is open: whoever takes over from a holder that died works on the same turn, with the
-- same messages, the same name for each of its steps, and the same clock. Null between two turns.
alter table conversations
    add column turn_id uuid,
    add column turn_started_at timestamptz,
    add column turn_input_seq bigint;        -- the last inbox_seq that belongs to it
