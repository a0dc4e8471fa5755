-- Newest first, without bodies.
-- rpc: list_dead_letters
-- result: many letters
-- scope: system
-- budget_ms: 200
select d.dead_letter_id, d.tenant_id as of_tenant, d.kind, d.service, d.method, d.lane_key, d.class,
       d.flags, d.trace, d.idempotency_key, d.caller, d.last_worker, d.attempts, d.causes, d.reason,
       '' as body, d.seen_count,
       (extract(epoch from d.created_at) * 1000)::bigint as created_at_ms,
       coalesce((extract(epoch from d.resolved_at) * 1000)::bigint, 0) as resolved_at_ms,
       d.resolution
  from dead_letters d
 where (:kind = '' or d.kind = :kind)
   and (:before_id = 0 or d.dead_letter_id < :before_id)
   and (:with_resolved or d.resolved_at is null)
 order by d.dead_letter_id desc
 limit least(case when :max_rows = 0 then 100 else :max_rows end, 1000)
