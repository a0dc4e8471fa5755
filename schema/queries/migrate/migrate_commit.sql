-- session: migrate_commit
commit
