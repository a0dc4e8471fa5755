-- What is remembered of a conversation (its rolling summary) and of a contact (typed facts).

-- A summary holds what was said up to inbox_seq and outbox_seq; it is written only over the version it was
-- made from. erased_inbox_seq: up to there nothing may be remembered again.
create table conversation_summaries (
    tenant_id text collate "C" not null,
    conversation_id uuid not null,
    version bigint not null,
    summary text not null,
    inbox_seq bigint not null,
    outbox_seq bigint not null,
    model text not null default '',      -- by which it was written
    summarised_at timestamptz not null default now(),
    erased_inbox_seq bigint not null default 0,
    erased_at timestamptz,
    erased_by text not null default '',
    primary key (tenant_id, conversation_id)
) with (fillfactor = 70);
call protect_tenant_table('conversation_summaries');

-- A fact is a word of the customer, with the message that it stands in, until a time.
create table contact_facts (
    tenant_id text collate "C" not null,
    contact_id uuid not null,
    type text collate "C" not null,      -- services/agent/facts.c
    value text not null,
    value_key text generated always as (lower(value)) stored,
    conversation_id uuid not null,
    source_inbox_seq bigint not null,
    source_id text not null,             -- inbox.external_id
    confidence_pct integer not null check (confidence_pct between 0 and 100),
    model text not null default '',
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (tenant_id, contact_id, type, value_key)
);
call protect_tenant_table('contact_facts', p_is_swept => true);
grant delete on contact_facts to parley_app;
create index contact_facts_expire on contact_facts (expires_at);
