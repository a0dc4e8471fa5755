-- session: migrate_use_role
set role parley_migrate
