-- What the agent may do with tools, what it did, and what waits for a person.

-- Rules of a tenant. Of those that fit a call the most specific one decides (contact, named tool, role,
-- flow, in this order); without one the defaults of services/agent/policy.h hold.
create table tool_policies (
    tenant_id text collate "C" not null,
    tool text collate "C" not null,                 -- its name; *: every tool
    flow text collate "C" not null default '',      -- empty: any
    role text collate "C" not null default '',      -- of the contact; empty: any
    contact_id text collate "C" not null default '', -- empty: any
    decision text not null check (decision in ('allow', 'deny', 'approve')),
    turn_max_count integer not null default 0 check (turn_max_count >= 0),               -- 0: the default
    contact_day_max_count integer not null default 0 check (contact_day_max_count >= 0), -- 0: the default
    tenant_day_max_count integer not null default 0 check (tenant_day_max_count >= 0),   -- 0: no limit
    updated_by text not null default '',
    updated_at timestamptz not null default now(),
    primary key (tenant_id, tool, flow, role, contact_id)
);
call protect_tenant_table('tool_policies');
grant delete on tool_policies to parley_app;

-- Recipients, amounts and URLs that may be given to tools whoever asks.
create table tool_values (
    tenant_id text collate "C" not null,
    kind text collate "C" not null check (kind in ('recipient', 'amount', 'url')),
    value text collate "C" not null,
    updated_by text not null default '',
    updated_at timestamptz not null default now(),
    primary key (tenant_id, kind, value)
);
call protect_tenant_table('tool_values');
grant delete on tool_values to parley_app;

-- Calls of a day (UTC), reserved before they are made and never given back: by a contact, and
-- (contact_id empty) by all of the tenant.
create table tool_usage (
    tenant_id text collate "C" not null,
    tool text collate "C" not null,
    contact_id text collate "C" not null,
    day date not null,
    calls_count integer not null,
    primary key (tenant_id, tool, contact_id, day)
) with (fillfactor = 50);
call protect_tenant_table('tool_usage');

-- One row a call that the agent wanted, also those that were refused. Arguments and results are without
-- what the tool's card marks x-parley-secret. Ids of turns begin with the time, so the key is the order by age.
create table tool_executions (
    tenant_id text collate "C" not null,
    turn_id uuid not null,
    step_key text collate "C" not null,
    conversation_id uuid not null,
    tool text not null,
    arguments text not null default '',
    result text not null default '',
    outcome text not null
        check (outcome in ('started', 'ok', 'error', 'failed', 'refused', 'waiting')),
    reason text not null default '', -- of refused: the rule; of failed: the code of the error
    attempts_count integer not null default 1,
    duration_ms integer not null default 0,
    cost_micro_usd bigint, -- null: not known
    approval_id uuid,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    primary key (tenant_id, turn_id, step_key)
);
call protect_tenant_table('tool_executions');

-- A call that a person has to approve. It belongs to the turn that asked: a turn that is replaced before
-- its commit takes its approvals with it (withdrawn).
create table tool_approvals (
    tenant_id text collate "C" not null,
    approval_id uuid not null,
    conversation_id uuid not null,
    turn_id uuid not null,
    step_key text collate "C" not null,
    tool text not null,
    card_hash text not null,      -- the tool as it was when it was asked for
    arguments text not null,      -- as they will be given to the tool
    shown_arguments text not null, -- without secrets, for people
    reason text not null default '',
    state text not null default 'pending'
        check (state in ('pending', 'approved', 'denied', 'expired', 'withdrawn', 'used', 'done')),
    asked_at timestamptz not null default now(),
    expires_at timestamptz not null,
    decided_at timestamptz,
    decided_by text not null default '',
    note text not null default '', -- why not, for the model
    heard_turn_id uuid,            -- the turn that was told, and made the call
    is_woken boolean not null default false,
    result bytea,                  -- of the call, once it was made
    primary key (tenant_id, approval_id),
    unique (tenant_id, turn_id, step_key)
);
create index tool_approvals_conversation on tool_approvals (tenant_id collate "POSIX", conversation_id)
    where state in ('pending', 'approved', 'denied', 'expired', 'used', 'done');
create index tool_approvals_open on tool_approvals (asked_at) where not is_woken;
call protect_tenant_table('tool_approvals', p_is_swept => true);
