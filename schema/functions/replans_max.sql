-- How often in a row a plan may be superseded by newer messages of the customer: who never stops writing
-- is answered all the same.
create or replace function replans_max() returns integer language sql immutable as 'select 3';
