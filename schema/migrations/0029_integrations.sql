-- What stands outside: servers of tools, the system behind the project tools, and how the owner of the
-- business is told something. One row a thing that a tenant uses.

-- kind tool_server: url, secret (a bearer token); pins: {tool: hash of what was approved}
--      projects:    config.provider is whose projects the project tools show (services/tools/records.h)
--      email:       config: {host, port, security, user, from, to}; secret: the password
--      webhook:     url, secret (signs the body)
--      channel:     config: {address}: the owner's own conversation with the bot
-- Secrets are sealed by the caller (base/seal.h); the database never sees them in clear.
create table org_integrations (
    tenant_id text collate "C" not null,
    integration_id text collate "C" not null,
    kind text not null check (kind in ('tool_server', 'projects', 'email', 'webhook', 'channel')),
    url text not null default '',
    config jsonb not null default '{}',
    secret text not null default '',
    pins jsonb not null default '{}',
    is_enabled boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, integration_id)
);
call protect_tenant_table('org_integrations', p_is_swept => true);
grant delete on org_integrations to parley_app;

-- A notification goes out in each way that the tenant has set up. due_at is also the end of a claim: whoever
-- has it asks the outside before then, and an attempt that nobody heard of again is made again with the same
-- key (at least once; the key is the Message-ID, or the Idempotency-Key).
create table notification_sends (
    tenant_id text collate "C" not null,
    notification_id bigint not null,
    integration_id text collate "C" not null,
    state text not null default 'pending' check (state in ('pending', 'sent', 'failed')),
    attempt integer not null default 0,
    due_at timestamptz not null default now(),
    error_text text not null default '',
    settled_at timestamptz,
    primary key (tenant_id, notification_id, integration_id)
) with (fillfactor = 70);
create index notification_sends_due on notification_sends (due_at) where state = 'pending';
call protect_tenant_table('notification_sends', p_is_swept => true);

alter table notifications add column idempotency_key text collate "C";
create unique index notifications_key on notifications (tenant_id, idempotency_key)
    where idempotency_key is not null;
create policy system_sweep on notifications
    using (current_setting('app.scope', true) = 'system')
    with check (current_setting('app.scope', true) = 'system');

create table task_comments (
    tenant_id text collate "C" not null,
    comment_id uuid not null,
    idempotency_key text collate "C" not null,
    task_id text collate "C" not null,
    contact_id uuid,
    text text not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, comment_id),
    unique (tenant_id, idempotency_key),
    foreign key (tenant_id, task_id) references tasks
);
create index task_comments_task on task_comments (tenant_id collate "POSIX", task_id, created_at);
call protect_tenant_table('task_comments');
