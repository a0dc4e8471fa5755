-- How often a turn is begun; then it is poison, and its customer gets the polite text and a person.
create or replace function turn_begins_max() returns integer language sql immutable as 'select 3';
