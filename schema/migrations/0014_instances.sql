-- Who may hold leases and claims: one row a living process, on the clock of the database (promises.md D7,
-- I6, R-20). Of the installation, not of a tenant. Small, and looked at only when a lease is held by another.
create sequence instance_epochs;
create table instances (
    instance text collate "C" primary key,   -- "<cell>/<name>": one process at a time has it
    holder text collate "C" not null unique, -- "<instance>/<epoch>": this process of it
    service text collate "C" not null,
    pid bigint not null,
    claim_delay_ms bigint not null,          -- what it had claimed is due again so long after its end
    expires_at timestamptz not null          -- not alive from then on, if it is not heard before
) with (fillfactor = 50);
alter table instances enable row level security;
alter table instances force row level security;
create policy system_only on instances
    using (current_setting('app.scope', true) = 'system')
    with check (current_setting('app.scope', true) = 'system');
create policy all_read on instances for select using (true); -- a turn asks whether a holder lives
grant select, insert, update, delete on instances to parley_app;
grant usage on sequence instance_epochs to parley_app;
