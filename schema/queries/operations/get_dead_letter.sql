-- rpc: get_dead_letter
-- result: one
-- missing: NOT_FOUND
-- scope: system
-- budget_ms: 100
select d.dead_letter_id, d.tenant_id as of_tenant, d.kind, d.service, d.method, d.lane_key, d.class,
       d.flags, d.trace, d.idempotency_key, d.caller, d.last_worker, d.attempts, d.causes, d.reason,
       d.body, d.seen_count,
       (extract(epoch from d.created_at) * 1000)::bigint as created_at_ms,
       coalesce((extract(epoch from d.resolved_at) * 1000)::bigint, 0) as resolved_at_ms,
       d.resolution
  from dead_letters d
 where d.dead_letter_id = :dead_letter_id
