-- From here on the connection is bound by row-level security.
-- session: use_app_role
set role parley_app
