-- What the last turn found: when its answer is taken back before any of it was sent, the next one finds the
-- same. Null: it ended before this was kept.
alter table conversations add column flow_state_before text;
