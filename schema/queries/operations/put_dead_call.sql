-- Put again after a lost answer it is the same row: call_ref names the call.
-- rpc: put_dead_call
-- result: none
-- scope: system
-- budget_ms: 100
insert into dead_letters as d (tenant_id, kind, body_digest, reason, body, service, method, lane_key,
                               class, flags, trace, idempotency_key, caller, last_worker, attempts,
                               causes)
values (:of_tenant, 'call', md5(:call_ref)::uuid, :reason, :body, :service, :method, :lane_key, :class,
        :flags, :trace, :idempotency_key, :caller, :last_worker, :attempts, :causes)
on conflict (tenant_id, kind, body_digest) do update set last_seen_at = now()
