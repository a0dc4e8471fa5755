-- A message ended without having been sent, as far as we know.
create or replace function unsent_note(p_tenant text, p_outbox uuid) returns void
language plpgsql as $$
begin
    insert into unsent_messages (tenant_id, outbox_id) values (p_tenant, p_outbox)
    on conflict (tenant_id, outbox_id) do update set noted_at = now();
end
$$;
