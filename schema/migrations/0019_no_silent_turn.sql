-- No silent turn: every message has a deadline (per tenant), whoever waits for something waits until a time,
-- and a watchdog looks at all tenants.
alter table tenants
    add column first_sign_ms integer not null default 20000 check (first_sign_ms between 500 and 3600000),
    add column answer_ms integer not null default 60000 check (answer_ms between 1000 and 3600000);

alter table conversations
    add column turn_begins_count integer not null default 0, -- of the open turn: how often it was started
    add column wait_turn_id uuid,            -- the turn that decided to WAIT; null: none
    add column wait_until timestamptz,       -- null with wait_turn_id: it ran out, the turn is due again
    add column wait_for text not null default ''; -- customer, person
create index conversations_waiting on conversations (wait_until) where wait_until is not null;
-- Set when its messages went into a later turn: nothing of it was sent, or its wait ran out.
alter table turns add column superseded_at timestamptz;

-- One open alert for a conversation and a kind.
alter table system_alerts add column seen_count integer not null default 1,
                          add column resolved_by text not null default '';
update system_alerts a set resolved_at = now(), resolved_by = 'migration'
 where a.resolved_at is null and a.conversation_id is not null
   and exists (select from system_alerts b
                where b.tenant_id = a.tenant_id and b.conversation_id = a.conversation_id
                  and b.kind = a.kind and b.resolved_at is null and b.alert_id > a.alert_id);
create unique index system_alerts_once on system_alerts (tenant_id, conversation_id, kind)
    where resolved_at is null and conversation_id is not null;
create policy system_sweep on system_alerts
    using (current_setting('app.scope', true) = 'system')
    with check (current_setting('app.scope', true) = 'system');
create policy system_sweep on turns
    using (current_setting('app.scope', true) = 'system')
    with check (current_setting('app.scope', true) = 'system');
