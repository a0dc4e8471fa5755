-- rpc: list_turns
-- result: many turns
-- budget_ms: 500
-- turns has no index by time, because each message would pay for it; its block ranges (0007_console)
-- keep a look at the last minutes short. The wider branch is only run when the narrow one is short
-- of rows. A page ends at (committed_at_ms, turn_id), so what was committed in one millisecond is neither
-- repeated nor left out.
with wanted as (
    select case when :before_ms > 0 then to_timestamp((:before_ms + 1) / 1000.0) else now() end as before,
           case when :before_ms > 0 then :before_ms else 9223372036854775807 end as before_ms,
           case when :before_turn_id <> '' then :before_turn_id else '00000000-0000-0000-0000-000000000000' end::uuid
               as before_turn_id,
           case when :max_rows > 0 then least(:max_rows, 500) else 50 end as max_rows)
select t.turn_id::text as turn_id, t.conversation_id::text as conversation_id,
       epoch_ms(t.committed_at) as committed_at_ms,
       t.duration_ms::bigint as duration_ms, k.name as contact_name, c.channel, t.language, t.intent,
       t.confidence::double precision as confidence, t.path, t.decision, t.error_code,
       left(t.text, 200) as text, t.outbox_count as replies_count, t.superseded_count,
       t.superseded_at is not null as is_superseded
  from wanted w
 cross join lateral (
        (select * from turns n
          where n.tenant_id = :tenant and n.committed_at < w.before
            and n.committed_at >= w.before - interval '10 minutes'
            and (epoch_ms(n.committed_at), n.turn_id) < (w.before_ms, w.before_turn_id)
          order by epoch_ms(n.committed_at) desc, n.turn_id desc limit w.max_rows)
        union all
        (select * from turns o
          where o.tenant_id = :tenant and o.committed_at < w.before - interval '10 minutes'
            and (epoch_ms(o.committed_at), o.turn_id) < (w.before_ms, w.before_turn_id)
          order by epoch_ms(o.committed_at) desc, o.turn_id desc limit w.max_rows)
        limit w.max_rows) t
  join conversations c on c.tenant_id = t.tenant_id and c.conversation_id = t.conversation_id
  join contacts k on k.tenant_id = c.tenant_id and k.contact_id = c.contact_id
 order by epoch_ms(t.committed_at) desc, t.turn_id desc
