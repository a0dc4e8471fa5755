-- Who has a conversation, each change once, with the fencing number it began with. A conversation that
-- never left the bot has no row. What the bot is told after a hand-back (turn_history), and a person's log.
create table owner_changes (
    tenant_id text collate "C" not null,
    conversation_id uuid not null,
    owner_fence bigint not null,
    owner text not null,                 -- from here on: bot, person, nobody
    changed_at timestamptz not null default now(),
    changed_by text not null,            -- turn, phone, cli, "token 127.0.0.1", policy
    reason text not null default '',
    primary key (tenant_id, conversation_id, owner_fence)
);
call protect_tenant_table('owner_changes');

-- Of a message that was not sent: what would work.
alter table outbox add column advice text not null default '';

-- Those that are not the bot's: `parley handoffs`.
drop index conversations_handed_over;
create index conversations_handed_over on conversations (tenant_id, owner_since)
    where owner <> 'bot';
