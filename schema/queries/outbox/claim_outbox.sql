-- The heads that are due, with INTENT recorded (D5): state sending, attempt + 1, and a due time at
-- which the claim runs out. A head that is still in state sending then has no recorded result: its
-- claim is ambiguous. A head that a former owner of the conversation left is ended as WRONG_OWNER, and
-- the next one becomes due. Waits for nobody (skip locked): what somebody is changing just now is
-- claimed next time. Works on outbox_queue, one row a conversation, so a million messages that wait
-- cost what their conversations cost.
-- rpc: claim_outbox
-- result: many claims
-- scope: system
-- key: holder
-- lock_order: 9
-- budget_ms: 100
with size as materialized (
    select case when :max_rows between 1 and 1000 then :max_rows else 100 end as max_rows
), due as materialized (
    select q.tenant_id, q.conversation_id, q.head_seq, q.last_seq
      from outbox_queue q
     where q.due_at <= now()
     order by q.due_at
     limit (select s.max_rows from size s)
       for update skip locked
), candidate as materialized (
    select d.tenant_id, d.conversation_id, d.head_seq, d.last_seq, o.outbox_id, o.state, o.content,
           c.address, c.phone, o.author = 'bot' and o.owner_fence <> c.owner_fence as is_refused,
           sum(length(o.content::text)) over (rows between unbounded preceding and 1 preceding)
               as before_bytes
      from due d
     cross join lateral (
           select * from conversations c
            where c.tenant_id = d.tenant_id and c.conversation_id = d.conversation_id limit 1) c
     cross join lateral (
           select * from outbox o
            where o.tenant_id collate "POSIX" = d.tenant_id
              and o.conversation_id = d.conversation_id and o.seq = d.head_seq limit 1) o
), head as materialized (
    -- No more than fits into one message of the bus.
    select * from candidate k where k.before_bytes is null or k.before_bytes < 1048576
), claimed as (
    update outbox o
       set state = 'sending', attempt = o.attempt + 1, claimed_by = :holder
      from head h
     where not h.is_refused and o.tenant_id = h.tenant_id and o.outbox_id = h.outbox_id
    returning o.tenant_id, o.outbox_id, o.conversation_id, o.turn_id, o.seq, o.attempt, o.channel,
              o.channel_account_id, h.address, h.phone, h.content, h.state = 'sending' as is_ambiguous
), refused as (
    update outbox o
       set state = 'failed', failed_at = now(), error_code = 'WRONG_OWNER'
      from head h
     where h.is_refused and o.tenant_id = h.tenant_id and o.outbox_id = h.outbox_id
), ended as (
    delete from outbox_queue q
     using head h
     where h.is_refused and h.head_seq = h.last_seq
       and q.tenant_id = h.tenant_id and q.conversation_id = h.conversation_id
), moved as (
    update outbox_queue q
       set head_seq = h.head_seq + h.is_refused::integer,
           due_at = case when h.is_refused then now()
                         else clock_timestamp() + :claim_ms * interval '1 ms' end
      from head h
     where (not h.is_refused or h.head_seq < h.last_seq)
       and q.tenant_id = h.tenant_id and q.conversation_id = h.conversation_id
), next as (
    -- 1 when more may be due already; else when the first of those that are not due will be.
    select case when (select count(*) from due) = (select s.max_rows from size s)
                  or (select count(*) from candidate)
                     > (select count(*) from head h where not h.is_refused) then 1
                else coalesce((select ceil(1000 * extract(epoch from q.due_at - now()))
                                 from outbox_queue q
                                where q.due_at > now()
                                order by q.due_at limit 1), 0)
           end as due_ms
)
select k.tenant_id as tenant, k.outbox_id::text as outbox_id,
       k.conversation_id::text as conversation_id, k.turn_id::text as turn_id, k.seq, k.attempt,
       k.channel, k.channel_account_id, k.address, k.phone, k.content, k.is_ambiguous,
       n.due_ms::integer as next_due_ms
  from next n
  left join claimed k on true
