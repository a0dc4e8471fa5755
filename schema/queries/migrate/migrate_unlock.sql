-- session: migrate_unlock
select pg_advisory_unlock(5070196318)
