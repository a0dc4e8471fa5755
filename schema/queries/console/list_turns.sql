-- rpc: list_turns
-- result: many turns
-- budget_ms: 500
-- turns has no index by time, because each message would pay for it; its block ranges (0007_console)
-- keep a look at the last minutes short. The wider branch is only run when the narrow one is short
-- of rows.
with wanted as (
    select case when :before_ms > 0 then to_timestamp(:before_ms / 1000.0) else now() end as before,
           case when :max_rows > 0 then least(:max_rows, 500) else 50 end as max_rows)
select t.turn_id::text as turn_id, t.conversation_id::text as conversation_id,
       (extract(epoch from t.committed_at) * 1000)::bigint as committed_at_ms,
       t.duration_ms::bigint as duration_ms, k.name as contact_name, c.channel, t.language, t.intent,
       t.confidence::double precision as confidence, t.path, t.decision, t.error_code,
       left(t.text, 200) as text, t.outbox_count as replies_count
  from wanted w
 cross join lateral (
        (select * from turns n
          where n.tenant_id = :tenant and n.committed_at < w.before
            and n.committed_at >= w.before - interval '10 minutes'
          order by n.committed_at desc limit w.max_rows)
        union all
        (select * from turns o
          where o.tenant_id = :tenant and o.committed_at < w.before - interval '10 minutes'
          order by o.committed_at desc limit w.max_rows)
        limit w.max_rows) t
  join conversations c on c.tenant_id = t.tenant_id and c.conversation_id = t.conversation_id
  join contacts k on k.tenant_id = c.tenant_id and k.contact_id = c.contact_id
 order by t.committed_at desc
