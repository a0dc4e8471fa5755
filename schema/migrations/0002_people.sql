-- Tenants, their accounts at channels, and the people who write to them.

create table tenants (
    tenant_id text collate "C" primary key,
    name text not null,
    internal_language text not null default 'fr',
    timezone text not null default 'Europe/Paris',
    working_from time not null default '06:00',
    working_to time not null default '20:00',
    quiet_from time,
    quiet_to time,
    plan text not null default 'free' check (plan in ('free', 'pro', 'enterprise')),
    message_quota_per_day integer check (message_quota_per_day >= 0), -- null: no limit
    owner_address text not null default '',
    settings jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
call protect_tenant_table('tenants');

-- Secrets are sealed by the caller (base/seal.h); the database never sees them in clear.
create table channel_accounts (
    tenant_id text collate "C" not null,
    channel_account_id text collate "C" not null,
    channel text collate "C" not null,
    external_id text collate "C" not null,
    app_secret text not null default '',
    access_token text not null default '',
    verify_token text not null default '',
    api_base text not null default '',
    is_enabled boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, channel_account_id),
    unique (tenant_id, channel, external_id)
);
call protect_tenant_table('channel_accounts', p_is_swept => true);

create table contacts (
    tenant_id text collate "C" not null,
    contact_id uuid not null,
    name text not null default '',
    language text not null default '',
    is_blocked boolean not null default false,
    opted_out_at timestamptz,
    merged_into uuid,
    profile jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, contact_id)
);
call protect_tenant_table('contacts');

-- Every way to reach or recognise a person. Nothing assumes a phone number: an address is whatever
-- the channel calls its user. is_alias: a second identity of the same person on that channel.
create table contact_addresses (
    tenant_id text collate "C" not null,
    channel text collate "C" not null,
    address text collate "C" not null,
    contact_id uuid not null,
    name text not null default '', -- as the channel shows it
    is_alias boolean not null default false,
    previous_address text not null default '',
    created_at timestamptz not null default now(),
    primary key (tenant_id, channel, address)
) with (fillfactor = 90);
create index contact_addresses_contact on contact_addresses (tenant_id collate "POSIX", contact_id);
call protect_tenant_table('contact_addresses');

-- moved holds the keys of what went over, so that a merge can be undone.
create table contact_merges (
    tenant_id text collate "C" not null,
    merge_id bigint generated always as identity,
    from_contact_id uuid not null,
    into_contact_id uuid not null,
    moved jsonb not null default '{}',
    merged_by text not null default '',
    merged_at timestamptz not null default now(),
    undone_at timestamptz,
    primary key (tenant_id, merge_id)
);
call protect_tenant_table('contact_merges');
