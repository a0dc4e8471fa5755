-- What the console looks at. Block ranges instead of an index: a turn pays nothing for them, and a look
-- at the last minutes reads only the newest blocks.
create index turns_committed on turns using brin (committed_at) with (pages_per_range = 32);
