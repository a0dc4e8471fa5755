-- Empty texts keep what is there; what was approved stays only with the same url.
-- rpc: put_integration
-- result: none
-- budget_ms: 100
insert into org_integrations as i (tenant_id, integration_id, kind, url, config, secret)
values (:tenant, :integration_id, :kind, :url, coalesce(nullif(:config, ''), '{}')::jsonb, :secret)
on conflict (tenant_id, integration_id) do update
   set kind = excluded.kind, url = coalesce(nullif(excluded.url, ''), i.url),
       config = case when :config = '' then i.config else excluded.config end,
       secret = coalesce(nullif(excluded.secret, ''), i.secret),
       pins = case when excluded.url in ('', i.url) and excluded.kind = i.kind then i.pins
                   else '{}' end,
       is_enabled = true, updated_at = now()
