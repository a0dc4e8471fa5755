-- session: migrate_rollback
rollback
