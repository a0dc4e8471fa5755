-- A plan that newer messages of the customer made stale is superseded: dropped, and planned again with all
-- messages. The count is of the plans in a row that were.
alter table conversations add column superseded_count integer not null default 0;
alter table turns add column superseded_count integer not null default 0;
