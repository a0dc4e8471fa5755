-- Model providers, which model answers which role, what may be spent, and what was.

-- Keys are sealed by the caller (base/seal.h); the database never sees them in clear.
create table model_providers (
    tenant_id text collate "C" not null,
    provider_id text collate "C" not null,
    dialect text not null
        check (dialect in ('anthropic', 'openai', 'openai_compatible', 'gemini', 'builtin')),
    base_url text not null default '', -- empty: the dialect's own
    api_key text not null default '',
    concurrency_max_count integer not null default 0 check (concurrency_max_count >= 0), -- 0: the default
    requests_per_minute integer not null default 0 check (requests_per_minute >= 0),     -- 0: no limit
    is_enabled boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, provider_id)
);
call protect_tenant_table('model_providers', p_is_swept => true);

-- Position 1 is asked first, the others in order when it cannot answer.
create table model_roles (
    tenant_id text collate "C" not null,
    role text collate "C" not null
        check (role in ('agent', 'classify', 'translate', 'summarise', 'embed', 'transcribe')),
    position integer not null check (position between 1 and 8),
    provider_id text collate "C" not null,
    model text not null default '',
    options text not null default '',
    updated_at timestamptz not null default now(),
    primary key (tenant_id, role, position),
    foreign key (tenant_id, provider_id) references model_providers
);
call protect_tenant_table('model_roles', p_is_swept => true);
grant delete on model_roles to parley_app;

-- Millionths of a US dollar; 0: no limit.
create table model_limits (
    tenant_id text collate "C" primary key,
    day_micro_usd bigint not null default 0 check (day_micro_usd >= 0),
    conversation_micro_usd bigint not null default 0 check (conversation_micro_usd >= 0),
    updated_at timestamptz not null default now()
);
call protect_tenant_table('model_limits', p_is_swept => true);

-- What is spent or reserved: of a day (UTC) when conversation_id is empty, else of a conversation. A
-- reservation whose call died is never given back: the money may be gone.
create table model_spend (
    tenant_id text collate "C" not null,
    conversation_id text collate "C" not null,
    day date not null, -- of a conversation: '-infinity'
    amount_micro_usd bigint not null,
    primary key (tenant_id, conversation_id, day)
) with (fillfactor = 50);
call protect_tenant_table('model_spend');

-- One row a call. Tokens are recorded when the price is not known; then the cost is null, never 0.
create table model_usage (
    tenant_id text collate "C" not null,
    usage_id uuid not null,
    day date not null default (now() at time zone 'UTC')::date,
    at timestamptz not null default now(),
    conversation_id text collate "C" not null default '',
    role text not null,
    provider text not null default '',
    model text not null default '',
    state text not null check (state in ('reserved', 'settled')),
    outcome text not null default '', -- ok, or the code of the error
    reserved_micro_usd bigint not null default 0,
    cost_micro_usd bigint,
    input_tokens bigint not null default 0,
    cache_read_tokens bigint not null default 0,
    cache_write_tokens bigint not null default 0,
    cache_write_1h_tokens bigint not null default 0,
    output_tokens bigint not null default 0,
    audio_ms bigint not null default 0,
    requests_count integer not null default 0,
    duration_ms integer not null default 0,
    primary key (tenant_id, usage_id)
);
create index model_usage_day on model_usage (tenant_id collate "POSIX", day);
call protect_tenant_table('model_usage');
