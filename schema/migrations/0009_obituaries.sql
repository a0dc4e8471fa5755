-- How processes ended (docs/operating.md). Of the installation, not of a tenant: only operations that
-- see all tenants may touch it.
-- A dead letter names the instances it was with; their deaths are found here by instance and time.
create table obituaries (
    instance text collate "C" not null,
    at timestamptz not null,
    pid bigint not null,
    service text collate "C" not null,
    uptime_ms bigint not null,
    reason text not null,
    exit_code bigint not null,
    signal bigint not null,
    is_core boolean not null,
    user_cpu_ms bigint not null,
    system_cpu_ms bigint not null,
    rss_max_kb bigint not null,
    method_in_hand text not null,
    trace text not null,
    backtrace text not null,
    log_lines text not null,
    was_ready boolean not null,
    was_parked boolean not null,
    primary key (instance, at, pid)
);
create index obituaries_at on obituaries (at);
alter table obituaries enable row level security;
alter table obituaries force row level security;
create policy system_only on obituaries
    using (current_setting('app.scope', true) = 'system')
    with check (current_setting('app.scope', true) = 'system');
grant select, insert, delete on obituaries to parley_app;
