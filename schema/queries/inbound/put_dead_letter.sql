-- rpc: put_dead_letter
-- result: none
-- budget_ms: 100
insert into dead_letters as d (tenant_id, kind, body_digest, reason, body)
values (:tenant, :kind, md5(:body)::uuid, :reason, :body)
on conflict (tenant_id, kind, body_digest) do update
   set seen_count = d.seen_count + 1, reason = excluded.reason, last_seen_at = now()
