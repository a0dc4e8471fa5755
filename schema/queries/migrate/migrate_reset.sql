-- Back to the login's own role; an open transaction, if any, is rolled back by the caller.
-- session: migrate_reset
reset role
