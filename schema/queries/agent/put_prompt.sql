-- The same text again is no new version.
-- rpc: put_prompt
-- result: none
-- budget_ms: 50
insert into prompts as p (tenant_id, name, text)
values (:tenant, :name, :text)
on conflict (tenant_id, name) do update
   set text = excluded.text, version = p.version + 1, updated_at = now()
 where p.text <> excluded.text
