-- Calls that the broker gave up: the whole message with the cause of each attempt, so that people can
-- look at it, correct it, send it again in its lane, or drop it.
alter table dead_letters
    add column dead_letter_id bigint generated always as identity,
    add column service text collate "C" not null default '',
    add column method text collate "C" not null default '',
    add column lane_key text collate "C" not null default '',
    add column class integer not null default 1,
    add column flags bigint not null default 0,
    add column trace text collate "C" not null default '',
    add column idempotency_key text collate "C" not null default '',
    add column caller text collate "C" not null default '',
    add column last_worker text collate "C" not null default '',
    add column attempts integer not null default 1,
    add column causes text not null default '',
    add column resolution text collate "C" not null default ''
        check (resolution in ('', 'retried', 'dropped')),
    add constraint dead_letters_id unique (tenant_id, dead_letter_id);
-- Operators name a letter by its number alone.
create index dead_letters_number on dead_letters (dead_letter_id);

-- Operators look at the letters of all tenants, and the broker's own calls have none.
create policy system_sweep on dead_letters
    using (current_setting('app.scope', true) = 'system')
    with check (current_setting('app.scope', true) = 'system');
