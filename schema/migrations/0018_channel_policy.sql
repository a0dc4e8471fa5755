-- The person wants no more messages (contacts.opted_out_at), where each send looks.
alter table conversations add column is_opted_out boolean not null default false;

-- Claims of all tenants ask for quiet hours.
create policy system_sweep on tenants for select
    using (current_setting('app.scope', true) = 'system');
