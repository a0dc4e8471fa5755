-- The schema, and the ledger of what was applied to it.
-- session: migrate_prepare
do $$
begin
    create schema if not exists parley;
    grant usage on schema parley to parley_app;
    create table if not exists schema_scripts (
        kind text not null,              -- migration, function
        name text not null,
        checksum text not null,
        applied_at timestamptz not null default now(),
        primary key (kind, name)
    );
end
$$
