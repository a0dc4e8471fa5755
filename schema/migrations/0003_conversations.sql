-- The hot tables: what each customer message touches. Indexes are few on purpose, and columns that
-- change with each step of a message are in none of them, so that their updates stay inside the
-- page (HOT; hence the fillfactors). The exception, inbox.turn_id, is explained there. They have no
-- CHECK constraints: PostgreSQL parses each of them again at every statement.

create table conversations (
    tenant_id text collate "C" not null,
    conversation_id uuid not null,
    contact_id uuid not null,
    channel text collate "C" not null,
    channel_account_id text collate "C" not null,
    address text not null,               -- the strongest identity of the contact on this channel
    phone text not null default '',      -- digits, if known
    owner text not null default 'bot',   -- bot, person, nobody
    owner_fence bigint not null default 0,
    owner_since timestamptz not null default now(),
    handoff_reason text not null default '',
    language text not null default '',
    flow_state text not null default '',
    session_id text not null default '',
    session_started_at timestamptz,
    last_activity_at timestamptz,        -- of the last turn
    lease_holder text not null default '', -- empty: nobody works on it
    lease_fence bigint not null default 0,
    lease_expires_at timestamptz,
    next_seq bigint not null default 1,  -- of outbox.seq
    created_at timestamptz not null default now(),
    primary key (tenant_id, conversation_id)
) with (fillfactor = 60);
create unique index conversations_identity
    on conversations (tenant_id collate "POSIX", contact_id, channel_account_id, channel);
create index conversations_handed_over on conversations (tenant_id, owner_since)
    where owner = 'person';
call protect_tenant_table('conversations', p_is_swept => true);

-- Every message from a customer, once (I2). turn_id is null until a turn has answered it; a row
-- with starts_turn = false is never answered. Each row is at any time in exactly one of the two
-- partial indexes, so an append pays for two index entries and a commit for two more.
create table inbox (
    tenant_id text collate "C" not null,
    channel text collate "C" not null,
    external_id text collate "C" not null,
    inbox_seq bigint generated always as identity, -- no cache: it is the order of arrival
    conversation_id uuid not null,
    turn_id uuid,
    received_at timestamptz not null default now(),
    sent_at timestamptz,
    duplicates_count integer not null default 0,
    starts_turn boolean not null,
    type text not null,
    content json not null,               -- InboundContent; json, not jsonb: written and read whole
    primary key (tenant_id, channel, external_id)
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
create index inbox_pending on inbox (tenant_id, conversation_id, inbox_seq)
    where turn_id is null and starts_turn;
create index inbox_settled on inbox (tenant_id, conversation_id, inbox_seq)
    where turn_id is not null or not starts_turn;
call protect_tenant_table('inbox', p_is_swept => true);

-- One committed turn. The fence makes it unique: a lease commits at most one turn, and a repeat of
-- the same commit carries the same fence.
create table turns (
    tenant_id text collate "C" not null,
    conversation_id uuid not null,
    fence bigint not null,
    turn_id uuid not null,
    session_id text not null,
    inbox_seqs bigint[] not null,
    language text not null,
    language_confidence real not null,
    text text not null,
    translation text not null,
    intent text not null,
    confidence real not null,
    sentiment text not null,
    risk text[] not null,
    path text not null,
    decision text not null,
    handoff_reason text not null,
    error_code text not null,
    duration_ms integer not null,
    outbox_count integer not null,
    committed_at timestamptz not null default now(),
    primary key (tenant_id, conversation_id, fence)
);
call protect_tenant_table('turns');

-- Every message to a customer. seq counts up by one in its conversation. What changes while a
-- message is on its way (due time, claim) is in outbox_queue.
create table outbox (
    tenant_id text collate "C" not null,
    outbox_id uuid not null,
    conversation_id uuid not null,
    seq bigint not null,
    turn_id uuid,                        -- null: not from a turn
    author text not null default 'bot',  -- bot, person
    channel text collate "C" not null,
    channel_account_id text collate "C" not null,
    owner_fence bigint not null,
    state text not null default 'queued', -- sending, sent, failed, delivered, read: furthest_state
    attempt integer not null default 0,
    claimed_by text not null default '',
    provider_id text not null default '',
    error_code text not null default '',
    error_text text not null default '',
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    failed_at timestamptz,
    content json not null,               -- OutboundContent
    primary key (tenant_id, outbox_id)
) with (fillfactor = 70);
create unique index outbox_order on outbox (tenant_id collate "POSIX", conversation_id, seq);
call protect_tenant_table('outbox', p_is_swept => true);

-- One row for each conversation with something to send: which seq is the head (I4), which the last,
-- and when to look at the head again. While the head is being sent that is when the claim runs out,
-- so one index on due_at serves new, retried and abandoned sends, and its size is the number of
-- conversations that wait, not of messages.
create table outbox_queue (
    tenant_id text collate "C" not null,
    conversation_id uuid not null,
    head_seq bigint not null,
    last_seq bigint not null,
    due_at timestamptz not null,
    primary key (tenant_id, conversation_id)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0);
create index outbox_queue_due on outbox_queue (due_at);
call protect_tenant_table('outbox_queue', p_is_swept => true);
grant delete on outbox_queue to parley_app;

-- The provider's id of a message of ours, and the statuses that came before we knew that it is ours
-- (outbox_id null). Both sides write the same key, so they cannot miss each other (I7).
create table provider_messages (
    tenant_id text collate "C" not null,
    channel text collate "C" not null,
    provider_id text collate "C" not null,
    outbox_id uuid,
    status text not null default '',     -- '' or the furthest early status
    status_at timestamptz,
    error_code text not null default '',
    error_text text not null default '',
    created_at timestamptz not null default now(),
    primary key (tenant_id, channel, provider_id)
) with (fillfactor = 90);
call protect_tenant_table('provider_messages');
