-- One instance migrates a database at a time; the number is ours alone.
-- session: migrate_try_lock
select pg_try_advisory_lock(5070196318)
