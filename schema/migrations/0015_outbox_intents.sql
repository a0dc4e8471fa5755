-- Who looks at a head just now ("delivery-1/<boot id>"), or empty. A claim promises nothing: what was sent is in
-- outbox (state sending, INTENT).
alter table outbox_queue add column claimed_by text not null default '';

-- What becomes of a message when nobody knows whether its channel has it, and no status says so
-- (promises.md D6): it is sent once more, or a person decides.
alter table channel_accounts add column unknown_policy text not null default 'resend'
    check (unknown_policy in ('resend', 'park'));

-- What was not sent and why: `parley outbox`. Written with the message when it is refused, parked or
-- failed, so that no index on outbox.state is paid for by those that are sent.
create table unsent_messages (
    tenant_id text collate "C" not null,
    outbox_id uuid not null,
    noted_at timestamptz not null default now(),
    settled_at timestamptz,              -- a person has sent it again, or dropped it
    settled_by text not null default '',
    primary key (tenant_id, outbox_id)
);
create index unsent_messages_newest on unsent_messages (tenant_id collate "POSIX", noted_at);
call protect_tenant_table('unsent_messages', p_is_swept => true);
