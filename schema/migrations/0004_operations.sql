-- What operators look at: set aside messages, alerts, usage, audit.

-- The same body set aside twice is one row.
create table dead_letters (
    tenant_id text collate "C" not null,
    kind text collate "C" not null,
    body_digest uuid not null,
    reason text not null,
    body text not null,
    seen_count integer not null default 1,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    resolved_at timestamptz,
    primary key (tenant_id, kind, body_digest)
);
call protect_tenant_table('dead_letters');

create table system_alerts (
    tenant_id text collate "C" not null,
    alert_id bigint generated always as identity,
    kind text not null,
    severity text not null default 'warning' check (severity in ('info', 'warning', 'critical')),
    conversation_id uuid,
    body text not null default '',
    created_at timestamptz not null default now(),
    resolved_at timestamptz,
    primary key (tenant_id, alert_id)
);
create index system_alerts_open on system_alerts (tenant_id, created_at) where resolved_at is null;
call protect_tenant_table('system_alerts');

-- For a person of the business: where to, about which conversation. Sent by a later version.
create table notifications (
    tenant_id text collate "C" not null,
    notification_id bigint generated always as identity,
    kind text not null,
    channel text not null default '',
    address text not null default '',
    conversation_id uuid,
    body text not null default '',
    state text not null default 'pending' check (state in ('pending', 'sent', 'failed')),
    created_at timestamptz not null default now(),
    settled_at timestamptz,
    primary key (tenant_id, notification_id)
);
create index notifications_pending on notifications (tenant_id, created_at) where state = 'pending';
call protect_tenant_table('notifications');

-- Counters of a day (UTC). writer is the database connection: connections never
-- wait for each other's counters, and readers add the rows up.
create table usage_daily (
    tenant_id text collate "C" not null,
    day date not null,
    writer integer not null,
    turns_count bigint not null default 0,
    inbound_count bigint not null default 0,
    outbound_count bigint not null default 0,
    fallbacks_count bigint not null default 0,
    primary key (tenant_id, day, writer)
) with (fillfactor = 30);
call protect_tenant_table('usage_daily');

-- The last number given out of each kind (incident, appointment) for each tenant.
create table counters (
    tenant_id text collate "C" not null,
    kind text collate "C" not null,
    value bigint not null,
    primary key (tenant_id, kind)
) with (fillfactor = 50);
call protect_tenant_table('counters');

-- Insert only: the application may neither change nor read what it wrote.
create table audit_log (
    tenant_id text collate "C" not null,
    audit_id bigint generated always as identity,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    object text not null default '',
    details jsonb not null default '{}',
    primary key (tenant_id, audit_id)
);
call protect_tenant_table('audit_log');
revoke select, update on audit_log from parley_app;
